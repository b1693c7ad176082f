// Layers of two activations, element by element, with TFLite's broadcasting:
//
//   Sub, Div            act(a - b), act(a / b)
//   Minimum, Maximum    min(a, b), max(a, b)
//   SquaredDifference   (a - b)^2
//   FloorDiv, FloorMod  floor(a / b), a - b * floor(a / b)
//   Equal, NotEqual, Less, LessEqual, Greater, GreaterEqual   a ? b, as bool
//   LogicalAnd, LogicalOr                                     of bool
//   Prelu               a >= 0 ? a : a * b
//
// SubConstant<shape> takes a constant for b, ConstantSub<shape> for a; SubWith<activation> clamps.
// A constant before Less is one behind Greater. Add and Mul have headers of their own.
//
// int8, int16 (TFLM's kernels): SUB and SQUARED_DIFFERENCE bring both operands to twice the larger
// scale (int8 with 20 and 7 fractional bits, int16 with 15 and 0), combine them in int32 and
// requantize to the output's scale. DIV and PRELU work on the operands less their zero points; the
// slopes of an int16 PRELU are int8. A comparison brings both to real numbers with 8 fractional
// bits; order among int16 wants one scale (LiteRT's). Minimum and Maximum take the integers as they
// are: all scales are one. DIV of int16 is that of int8: TFLM has none.
// float32, int32: as C++ has it; int32 wraps around. A division of integers by zero is 0, of int8
// and int16 the greatest or the least number there is (of 0: 0); TFLM leaves both open.
#pragma once

#include "graven/graph/binary.hpp"

namespace graven::core {

namespace op {
inline constexpr Op sub{"sub", Trait::clamps}, div{"div", Trait::clamps};
inline constexpr Op minimum{"minimum"}, maximum{"maximum"};
inline constexpr Op squared_difference{"squared_difference"};
inline constexpr Op floor_div{"floor_div"}, floor_mod{"floor_mod"}, pow{"pow"};
inline constexpr Op equal{"equal", Trait::decides}, not_equal{"not_equal", Trait::decides};
inline constexpr Op less{"less", Trait::decides}, less_equal{"less_equal", Trait::decides};
inline constexpr Op greater{"greater", Trait::decides};
inline constexpr Op greater_equal{"greater_equal", Trait::decides};
inline constexpr Op logical_and{"logical_and"}, logical_or{"logical_or"};
inline constexpr Op prelu{"prelu"};
}  // namespace op

template <Activation activation = Activation::none>
using SubWith = detail::Binary<op::sub, activation>;
using Sub = SubWith<>;
template <Shape operand, Activation activation = Activation::none>
using SubConstant = detail::WithConstant<SubWith<activation>, operand>;
template <Shape operand, Activation activation = Activation::none>
using ConstantSub = detail::WithConstant<SubWith<activation>, operand, true>;

template <Activation activation = Activation::none>
using DivWith = detail::Binary<op::div, activation>;
using Div = DivWith<>;
template <Shape operand, Activation activation = Activation::none>
using DivConstant = detail::WithConstant<DivWith<activation>, operand>;
template <Shape operand, Activation activation = Activation::none>
using ConstantDiv = detail::WithConstant<DivWith<activation>, operand, true>;

using Minimum = detail::Binary<op::minimum>;
using Maximum = detail::Binary<op::maximum>;
using SquaredDifference = detail::Binary<op::squared_difference>;
template <Shape operand> using MinimumConstant = detail::WithConstant<Minimum, operand>;
template <Shape operand> using MaximumConstant = detail::WithConstant<Maximum, operand>;
template <Shape operand>
using SquaredDifferenceConstant = detail::WithConstant<SquaredDifference, operand>;

using FloorDiv = detail::Binary<op::floor_div>;
using FloorMod = detail::Binary<op::floor_mod>;
template <Shape operand> using FloorDivConstant = detail::WithConstant<FloorDiv, operand>;
template <Shape operand> using ConstantFloorDiv = detail::WithConstant<FloorDiv, operand, true>;
template <Shape operand> using FloorModConstant = detail::WithConstant<FloorMod, operand>;
template <Shape operand> using ConstantFloorMod = detail::WithConstant<FloorMod, operand, true>;

using Pow = detail::Binary<op::pow>;
template <Shape operand> using PowConstant = detail::WithConstant<Pow, operand>;
template <Shape operand> using ConstantPow = detail::WithConstant<Pow, operand, true>;

using Equal = detail::Binary<op::equal>;
using NotEqual = detail::Binary<op::not_equal>;
using Less = detail::Binary<op::less>;
using LessEqual = detail::Binary<op::less_equal>;
using Greater = detail::Binary<op::greater>;
using GreaterEqual = detail::Binary<op::greater_equal>;
template <Shape operand> using EqualConstant = detail::WithConstant<Equal, operand>;
template <Shape operand> using NotEqualConstant = detail::WithConstant<NotEqual, operand>;
template <Shape operand> using LessConstant = detail::WithConstant<Less, operand>;
template <Shape operand> using LessEqualConstant = detail::WithConstant<LessEqual, operand>;
template <Shape operand> using GreaterConstant = detail::WithConstant<Greater, operand>;
template <Shape operand> using GreaterEqualConstant = detail::WithConstant<GreaterEqual, operand>;

using LogicalAnd = detail::Binary<op::logical_and>;
using LogicalOr = detail::Binary<op::logical_or>;
template <Shape operand> using LogicalAndConstant = detail::WithConstant<LogicalAnd, operand>;
template <Shape operand> using LogicalOrConstant = detail::WithConstant<LogicalOr, operand>;

using Prelu = detail::Binary<op::prelu>;
template <Shape operand> using PreluConstant = detail::WithConstant<Prelu, operand>;

}  // namespace graven::core
