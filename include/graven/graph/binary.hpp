// Two activations, element by element, with TFLite's broadcasting.
#pragma once

#include "graven/graph/network.hpp"

#include <array>
#include <cstddef>

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

// A value that `inputs` make together, row by row: one of a single row serves every step.
template <class Lowering, std::size_t N>
constexpr View lower_together(Lowering& l, Value v, View (&inputs)[N]) {
  v.elementwise = true;
  for (const View& input : inputs) v.elementwise = v.elementwise && input.shape == v.shape;
  for (View& input : inputs)
    if (!v.elementwise && input.shape.height == 1) input.rows.step = 0;
  return l.add_many(v, inputs, static_cast<int>(N));
}

template <class Lowering>
constexpr View lower_binary(Lowering& l, const Op& op, int layer, Activation activation, View a,
                            View b) {
  View inputs[]{l.with_rows(a, layer), l.with_rows(b, layer)};
  Value v = l.begin(op, layer, broadcast(a.shape, b.shape), inputs[0]);
  v.activation = activation;
  if (op.has(Trait::decides)) v.element = Element::boolean;
  return lower_together(l, v, inputs);
}

// TFLite's name of an operator that is called alike, in capitals.
template <const Op& made>
inline constexpr auto capitals = [] {
  std::array<char, 32> text{};
  for (std::size_t i = 0; made.name[i] != 0; ++i)
    text[i] = made.name[i] == '_' ? '_' : static_cast<char>(made.name[i] - 'a' + 'A');
  return text;
}();

// out = act(a ? b), where `made` says what stands between them.
template <const Op& made, Activation activation = Activation::none> struct Binary {
  static constexpr const char* op = capitals<made>.data();

  template <At a, At b> static constexpr Shape output() {
    constexpr bool fits = broadcasts(a.shape, b.shape);
    static_assert(
        fits ||
            error::shape_mismatch<error::at_layer<a.layer>, error::in<Binary>,
                                  error::expected<a.shape.height>, error::got<b.shape.height>,
                                  error::expected<a.shape.width>, error::got<b.shape.width>,
                                  error::expected<a.shape.channels>, error::got<b.shape.channels>>,
        "Elementwise: the two operands have different shapes (height, width, channels; an axis "
        "may be 1). In a Residual, give the shortcut a strided 1x1 Conv2D; an operand per channel "
        "has the shape {1, 1, channels}.");
    return fits ? broadcast(a.shape, b.shape) : no_shape;
  }
  template <At a, At b, class Lowering> static constexpr View lower(Lowering& l, View x, View y) {
    return lower_binary(l, made, a.layer, activation, x, y);
  }
};

// `Layer` of an activation and the record's constant "operand", which is its second input or its
// first. The constant holds float or integers, those of int8 with a scale and a zero point.
template <class Layer, Shape operand, bool first = false> struct WithConstant {
  static constexpr const char* op = Layer::op;

  template <At in> static constexpr Shape output() {
    constexpr At constant = operand_of<WithConstant, operand, in>();
    if constexpr (first)
      return detail::output<Layer, constant, in>();
    else
      return detail::output<Layer, in, constant>();
  }
  template <At in, class Lowering> static constexpr View lower(Lowering& l, View input) {
    constexpr At at = operand_of<WithConstant, operand, in>();
    const View constant = l.constant(in.layer, "operand", operand);
    if constexpr (first)
      return Layer::template lower<at, in>(l, constant, input);
    else
      return Layer::template lower<in, at>(l, input, constant);
  }
};

}  // namespace graven::core::detail
