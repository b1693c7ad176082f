// Two activations, element by element, with TFLite's broadcasting.
#pragma once

#include "graven/graph/network.hpp"

namespace graven::core::detail {

constexpr bool broadcasts(int a, int b) { return a == b || a == 1 || b == 1; }
constexpr bool broadcasts(Shape a, Shape b) {
  return broadcasts(a.height, b.height) && broadcasts(a.width, b.width) &&
         broadcasts(a.channels, b.channels);
}
constexpr Shape broadcast(Shape a, Shape b) {
  auto larger = [](int x, int y) { return x > y ? x : y; };
  return {larger(a.height, b.height), larger(a.width, b.width), larger(a.channels, b.channels)};
}

// The constant operand of layer L.
template <class L, Shape operand, At in> constexpr At operand_of() {
  static_assert(operand.exists() || error::out_of_range<error::at_layer<in.layer>, error::in<L>>,
                "Constant: height, width and channels of an operand must each be at least 1.");
  return {operand.exists() ? operand : no_shape, in.layer};
}

template <class Lowering>
constexpr View lower_binary(Lowering& l, const Op& op, int layer, Activation activation, View a,
                            View b) {
  a = l.with_rows(a, layer);
  b = l.with_rows(b, layer);
  Value v = l.begin(op, layer, broadcast(a.shape, b.shape), a);
  v.activation = activation;
  v.elementwise = a.shape == b.shape;
  // An input of one row serves every step.
  if (!v.elementwise && a.shape.height == 1) a.rows.step = 0;
  if (!v.elementwise && b.shape.height == 1) b.rows.step = 0;
  return l.add(v, a, b);
}

// `With` of an activation and the record's constant "operand", which holds int8 with a scale and a
// zero point, or float. `Self`: the layer that users name.
template <class Self, class With, Shape operand> struct BinaryConstant {
  static constexpr const char* op = With::op;

  template <At in> static constexpr Shape output() {
    return detail::output<With, in, operand_of<Self, operand, in>()>();
  }
  template <At in, class Lowering> static constexpr View lower(Lowering& l, View input) {
    const View constant = l.constant(in.layer, "operand", operand);
    return With::template lower<in, operand_of<Self, operand, in>()>(l, input, constant);
  }
};

}  // namespace graven::core::detail
