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

template <Activation activation = Activation::none> struct AddWith {
  static constexpr const char* op = "ADD";

  template <At a, At b> static constexpr Shape output() {
    constexpr bool fits = detail::broadcasts(a.shape, b.shape);
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
    return detail::lower_binary(l, core::op::add, a.layer, activation, x, y);
  }
};
using Add = AddWith<>;

template <Shape operand, Activation activation = Activation::none>
struct AddConstant
    : detail::BinaryConstant<AddConstant<operand, activation>, AddWith<activation>, operand> {};

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
