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

template <Activation activation = Activation::none>
using MulWith = detail::Binary<core::op::mul, activation>;
using Mul = MulWith<>;

template <Shape operand, Activation activation = Activation::none>
using MulConstant = detail::WithConstant<MulWith<activation>, operand>;

}  // namespace graven::core
