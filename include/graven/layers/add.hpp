// Add: out = act(a + b), with TFLite's broadcasting; AddConstant: b is a constant;
// Residual<Body, Shortcut>: Body(x) + Shortcut(x)
//
// int8 (TFLM's ADD): both inputs are rescaled to twice the larger scale with 20 fractional bits,
// added in int32, and requantized to the output's scale.
#pragma once

#include "graven/graph/network.hpp"

namespace graven::core {

namespace op {
inline constexpr Op add{"add", Trait::clamps};
}

namespace detail {

constexpr bool broadcasts(int a, int b) { return a == b || a == 1 || b == 1; }
constexpr Shape broadcast(Shape a, Shape b) {
  auto larger = [](int x, int y) { return x > y ? x : y; };
  return {larger(a.height, b.height), larger(a.width, b.width), larger(a.channels, b.channels)};
}

template <class Lowering>
constexpr View lower_add(Lowering& l, int layer, Shape out, Activation activation, View a, View b) {
  a = l.with_rows(a, layer);
  b = l.with_rows(b, layer);
  Value v = l.begin(op::add, layer, out, a);
  v.activation = activation;
  v.elementwise = a.shape == b.shape;
  // An input of one row serves every step.
  if (a.shape.height == 1) a.rows.step = 0;
  if (b.shape.height == 1) b.rows.step = 0;
  return l.add(v, a, b);
}

}  // namespace detail

template <Activation activation = Activation::none> struct AddWith {
  static constexpr const char* op = "ADD";

  template <At a, At b> static constexpr Shape output() {
    constexpr bool fits = detail::broadcasts(a.shape.height, b.shape.height) &&
                          detail::broadcasts(a.shape.width, b.shape.width) &&
                          detail::broadcasts(a.shape.channels, b.shape.channels);
    static_assert(
        fits ||
            error::shape_mismatch<error::at_layer<a.layer>, error::in<AddWith>,
                                  error::expected<a.shape.height>, error::got<b.shape.height>,
                                  error::expected<a.shape.width>, error::got<b.shape.width>,
                                  error::expected<a.shape.channels>, error::got<b.shape.channels>>,
        "Add: the two activations have different shapes (height, width, channels; an axis "
        "may be 1). In a Residual, give the shortcut a strided 1x1 Conv2D.");
    return fits ? detail::broadcast(a.shape, b.shape) : no_shape;
  }

  template <At a, At b, class Lowering> static constexpr View lower(Lowering& l, View x, View y) {
    return detail::lower_add(l, a.layer, output<a, b>(), activation, x, y);
  }
};
using Add = AddWith<>;

// The record's `filter` holds the operand's elements (as int8 or float), `scale` and `bias` its
// scale and zero point.
template <Shape operand, Activation activation = Activation::none> struct AddConstant {
  static constexpr const char* op = "ADD";

  template <At in> static constexpr Shape output() {
    return AddWith<activation>::template output<in, At{operand, in.layer}>();
  }

  template <At in, class Lowering> static constexpr View lower(Lowering& l, View input) {
    Value c = l.begin(op::constant, in.layer, operand, input);
    const Parameters& p = l.record(c.record);
    c.element = p.filter.element;
    c.quant = {p.scale.size > 0 ? p.scale.float32[0] : 0, p.bias.size > 0 ? p.bias.int32[0] : 0};
    const View constant = l.add(c);
    return detail::lower_add(l, in.layer, output<in>(), activation, input, constant);
  }
};

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
