// Add: out = act(a + b), with TFLite's broadcasting; AddConstant: b is a constant;
// Residual<Body, Shortcut>: Body(x) + Shortcut(x)
//
// int8 (TFLM's ADD): both inputs are rescaled to twice the larger scale with 20 fractional bits,
// added in int32, and requantized to the output's scale.
#pragma once

#include "graven/graph/binary.hpp"

namespace graven::core {

namespace op {
inline constexpr Op add{"add", Trait::clamps};
}

template <Activation activation = Activation::none>
using AddWith = detail::Binary<core::op::add, activation>;
using Add = AddWith<>;

template <Shape operand, Activation activation = Activation::none>
using AddConstant = detail::WithConstant<AddWith<activation>, operand>;

// The sum is a layer of its own, counted after the layers of both.
template <class Body, class Shortcut = Identity> struct Residual {
  static constexpr int layers = detail::count_layers<Body>() + detail::count_layers<Shortcut>() + 1;
  static constexpr int views = detail::count_views<Body>() + detail::count_views<Shortcut>() + 4;

  template <At in> static constexpr Shape output() {
    return detail::output<Add, body_end<in>, shortcut_end<in>>();
  }
  template <At in, class Lowering> static constexpr View lower(Lowering& l, View view) {
    const View body = detail::lower<Body, in>(l, view);
    const View shortcut = detail::lower<Shortcut, shortcut_start<in>>(l, view);
    return detail::lower<Add, body_end<in>, shortcut_end<in>>(l, body, shortcut);
  }

private:
  template <At in>
  static constexpr At shortcut_start{in.shape, in.layer + detail::count_layers<Body>()};
  template <At in> static constexpr At body_end{detail::output<Body, in>(), in.layer + layers - 1};
  template <At in>
  static constexpr At shortcut_end{detail::output<Shortcut, shortcut_start<in>>(),
                                   in.layer + layers - 1};
};

}  // namespace graven::core
