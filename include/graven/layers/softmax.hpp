// Softmax: exp(beta * x[c]) / sum over the channels of each pixel
//
// TFLite's SOFTMAX over the last axis. int8: gemmlowp's fixed-point exponential and reciprocal, as
// TFLM computes it; the output has scale 1/256 and zero point -128. With `.element =
// Element::int16` in the record it has 1/65536 and -32768.
#pragma once

#include "graven/graph/network.hpp"

namespace graven::core {

namespace op {
inline constexpr Op softmax{"softmax", Trait::shares};
}

// The sum of more exponentials may overflow where no step has taken 8 bits off.
inline constexpr int most_wide_classes = 4095;

struct SoftmaxOptions {
  float beta = 1;
};

template <Real Beta> struct SoftmaxWith {
  static constexpr const char* op = "SOFTMAX";

  template <At in> static constexpr Shape output() {
    constexpr bool sound = Beta.value() > 0;
    static_assert(sound || error::out_of_range<error::at_layer<in.layer>, error::in<SoftmaxWith>>,
                  "Softmax: Beta, the factor of what it exponentiates, must be positive.");
    return sound ? in.shape : no_shape;
  }
  template <At in, class Lowering> static constexpr View lower(Lowering& l, View input) {
    input = l.with_rows(input, in.layer);
    Value v = l.begin(op::softmax, in.layer, in.shape, input);
    v.options.set(SoftmaxOptions{Beta.value()});
    if (!l.has_quant(in.layer) && v.element == Element::int8) v.quant = {1.0f / 256, -128};
    const bool widens = l.graph.values[input.value].element == Element::int8;
    if (!l.has_quant(in.layer) && v.element == Element::int16)
      v.quant = widens ? Quant{1.0f / 65536, -32768} : Quant{1.0f / 32768, 0};
    return l.add(v, input);
  }
};
using Softmax = SoftmaxWith<1.0f>;

}  // namespace graven::core
