// Mul: out = act(a * b), with TFLite's broadcasting; MulConstant: b is a constant
//
// int8 (TFLM's MUL): out = zero_out + requantize((a - zero_a) * (b - zero_b),
//                                                scale_a * scale_b / scale_out)
#pragma once

#include "graven/graph/binary.hpp"

namespace graven::core {

namespace op {
inline constexpr Op mul{"mul", Trait::clamps};
}

template <Activation activation = Activation::none> struct MulWith {
  static constexpr const char* op = "MUL";

  template <At a, At b> static constexpr Shape output() {
    constexpr bool fits = detail::broadcasts(a.shape, b.shape);
    static_assert(
        fits ||
            error::shape_mismatch<error::at_layer<a.layer>, error::in<MulWith>,
                                  error::expected<a.shape.height>, error::got<b.shape.height>,
                                  error::expected<a.shape.width>, error::got<b.shape.width>,
                                  error::expected<a.shape.channels>, error::got<b.shape.channels>>,
        "Mul: the two activations have different shapes (height, width, channels; an axis may be "
        "1). A factor per channel has the shape {1, 1, channels}.");
    return fits ? detail::broadcast(a.shape, b.shape) : no_shape;
  }

  template <At a, At b, class Lowering> static constexpr View lower(Lowering& l, View x, View y) {
    return detail::lower_binary(l, core::op::mul, a.layer, activation, x, y);
  }
};
using Mul = MulWith<>;

template <Shape operand, Activation activation = Activation::none>
struct MulConstant
    : detail::BinaryConstant<MulConstant<operand, activation>, MulWith<activation>, operand> {};

}  // namespace graven::core
