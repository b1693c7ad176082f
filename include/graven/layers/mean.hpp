// Mean: the average over a set of axes; GlobalAvgPool: over height and width
//
// TFLite's MEAN. With KeepDims the axes stay with size 1, otherwise they vanish and the others move
// to the right. int8: out = zero_point_out + requantize(sum - count * zero_point_in), where the
// multiplier scale_in / scale_out is divided by the count in integers (TFLM's QuantizedMeanOrSum).
#pragma once

#include "graven/graph/network.hpp"

namespace graven::core {

namespace op {
inline constexpr Op mean{"mean"};
}

struct MeanOptions {
  int axes = 0;  // a set of Axis
};

template <Axis axes, bool KeepDims = true> struct Mean {
  static constexpr const char* op = "MEAN";
  static constexpr int set = static_cast<int>(axes);

  template <At in> static constexpr Shape output() {
    return KeepDims ? keep(in.shape, set) : drop(in.shape, set);
  }

  template <At in, class Lowering> static constexpr View lower(Lowering& l, View input) {
    input = l.with_rows(input, in.layer);
    Value v = l.begin(op::mean, in.layer, keep(in.shape, set), input);
    v.options.set(MeanOptions{set});
    v.reduces = has(set, Axis::height) && in.shape.height > 1;
    return {l.add(v, input).value, output<in>()};
  }
};

using GlobalAvgPool = Mean<Axis::height | Axis::width>;

}  // namespace graven::core
