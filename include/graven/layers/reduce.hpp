// Reduce: Mean, Sum, ReduceMax, ReduceMin, ReduceProd, ReduceAny and ReduceAll over a set of axes;
// GlobalAvgPool is the Mean over height and width
//
// TFLite's MEAN, SUM, REDUCE_*. With KeepDims the axes stay with size 1, otherwise they vanish and
// the others move to the right. int8, as TFLM: the Sum is
//   out = zero_point_out + requantize(sum - count * zero_point_in, scale_in / scale_out)
// and of the Mean the multiplier is divided by the count in integers (QuantizedMeanOrSum). Largest
// and least elements keep the quantization of the input. Any and All are of booleans.
//
// Over the height, rows are consumed as they come: the input never exists as a whole.
#pragma once

#include "graven/graph/network.hpp"

namespace graven::core {

enum class Reduction : std::uint8_t { mean, sum, max, min, prod, any, all };

namespace op {
inline constexpr Op mean{"mean"}, sum{"sum"}, reduce_max{"reduce_max"}, reduce_min{"reduce_min"};
inline constexpr Op reduce_prod{"reduce_prod"}, reduce_any{"reduce_any"}, reduce_all{"reduce_all"};
}  // namespace op

struct ReduceOptions {
  int axes = 0;  // a set of Axis
};

namespace detail {

// By Reduction.
inline constexpr Op reductions[]{op::mean,        op::sum,        op::reduce_max, op::reduce_min,
                                 op::reduce_prod, op::reduce_any, op::reduce_all};
inline constexpr const char* reduction_names[]{
    "MEAN", "SUM", "REDUCE_MAX", "REDUCE_MIN", "REDUCE_PROD", "REDUCE_ANY", "REDUCE_ALL"};

}  // namespace detail

template <Reduction reduction, Axis axes, bool KeepDims = true> struct Reduce {
  static constexpr int which = static_cast<int>(reduction), set = static_cast<int>(axes);
  static constexpr const char* op = detail::reduction_names[which];

  template <At in> static constexpr Shape output() {
    return KeepDims ? keep(in.shape, set) : drop(in.shape, set);
  }

  template <At in, class Lowering> static constexpr View lower(Lowering& l, View input) {
    input = l.with_rows(input, in.layer);
    Value v = l.begin(detail::reductions[which], in.layer, keep(in.shape, set), input);
    v.options.set(ReduceOptions{set});
    v.reduces = has(set, Axis::height) && in.shape.height > 1;
    return {l.add(v, input).value, output<in>()};
  }
};

template <Axis axes, bool KeepDims = true> using Mean = Reduce<Reduction::mean, axes, KeepDims>;
template <Axis axes, bool KeepDims = true> using Sum = Reduce<Reduction::sum, axes, KeepDims>;
template <Axis axes, bool KeepDims = true> using ReduceMax = Reduce<Reduction::max, axes, KeepDims>;
template <Axis axes, bool KeepDims = true> using ReduceMin = Reduce<Reduction::min, axes, KeepDims>;
template <Axis axes, bool KeepDims = true>
using ReduceProd = Reduce<Reduction::prod, axes, KeepDims>;
template <Axis axes, bool KeepDims = true> using ReduceAny = Reduce<Reduction::any, axes, KeepDims>;
template <Axis axes, bool KeepDims = true> using ReduceAll = Reduce<Reduction::all, axes, KeepDims>;

using GlobalAvgPool = Mean<Axis::height | Axis::width>;

}  // namespace graven::core
