// What can be wrong with the numbers among a layer's template arguments, whatever the layer: reals
// that are none, and sides, strides, paddings and shapes beyond what any activation has.
#pragma once

#include "graven/error.hpp"
#include "graven/graph/value.hpp"

namespace graven::core {

// Of all other kinds the layer speaks itself.
template <class T> constexpr bool is_finite_argument(T) { return true; }
constexpr bool is_finite_argument(Real x) { return (x.bits & 0x7f800000) != 0x7f800000; }

template <class T> constexpr bool is_near_argument(T) { return true; }
constexpr bool is_near_argument(Extent e) { return is_near(e.height) && is_near(e.width); }
constexpr bool is_near_argument(Padding p) {
  return is_near(p.top) && is_near(p.bottom) && is_near(p.left) && is_near(p.right);
}
constexpr bool is_near_argument(Shape s) {
  return is_near(s.height) && is_near(s.width) && is_near(s.channels) && s.is_countable();
}

namespace detail {

// decltype(auto): some numbers are references (of which clang 14 finds none).
template <class L> struct Arguments { static constexpr bool are_finite = true, are_near = true; };
template <template <decltype(auto)...> class L, decltype(auto)... numbers>
struct Arguments<L<numbers...>> {
  static constexpr bool are_finite = (true && ... && is_finite_argument(numbers));
  static constexpr bool are_near = (true && ... && is_near_argument(numbers));
};

// One sentence about the numbers of layer L, if one is due.
template <class L, class Where> constexpr bool has_sound_arguments() {
  constexpr bool finite = Arguments<L>::are_finite, near = Arguments<L>::are_near;
  static_assert(finite || error::out_of_range<Where, error::in<L>>,
                "Network: a real number among this layer's template arguments is infinite or NaN.");
  static_assert(!finite || near ||
                    error::out_of_range<Where, error::in<L>, error::limit<max_extent>>,
                "Network: sides, strides, dilations, paddings and shapes among a layer's template "
                "arguments may be at most 65535 each, and a shape have fewer than 2^31 elements.");
  return finite && near;
}

}  // namespace detail

}  // namespace graven::core
