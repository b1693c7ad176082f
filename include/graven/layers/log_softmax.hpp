// LogSoftmax: x[c] - log(sum of exp(x)) over the channels of each pixel
//
// TFLite's LOG_SOFTMAX over the last axis. int8: gemmlowp's fixed-point exponential and logarithm,
// as TFLM computes it; the output has scale 16/256 and zero point 127, and there are at most 4,095
// channels.
#pragma once

#include "graven/graph/network.hpp"

namespace graven::core {

namespace op {
inline constexpr Op log_softmax{"log_softmax"};
}

struct LogSoftmax {
  static constexpr const char* op = "LOG_SOFTMAX";

  template <At in> static constexpr Shape output() { return in.shape; }
  template <At in, class Lowering> static constexpr View lower(Lowering& l, View input) {
    input = l.with_rows(input, in.layer);
    Value v = l.begin(core::op::log_softmax, in.layer, in.shape, input);
    if (!l.has_quant(in.layer) && v.element == Element::int8) v.quant = {16.0f / 256, 127};
    return l.add(v, input);
  }
};

}  // namespace graven::core
