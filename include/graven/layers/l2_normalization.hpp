// L2Normalization: every pixel divided by its length, the root of its squares' sum
//
// TFLite's L2_NORMALIZATION over the last axis. int8 as TFLM: a fixed-point 1 / sqrt, and the
// output has scale 1/128 and zero point 0. float32: lengths below 1e-6 count as 1e-6.
#pragma once

#include "graven/graph/network.hpp"

namespace graven::core {

namespace op {
inline constexpr Op l2_normalization{"l2_normalization"};
}

struct L2Normalization {
  static constexpr const char* op = "L2_NORMALIZATION";

  template <At in> static constexpr Shape output() { return in.shape; }
  template <At in, class Lowering> static constexpr View lower(Lowering& l, View input) {
    input = l.with_rows(input, in.layer);
    Value v = l.begin(op::l2_normalization, in.layer, in.shape, input);
    if (!l.has_quant(in.layer) && v.element == Element::int8) v.quant = {1.0f / 128, 0};
    return l.add(v, input);
  }
};

}  // namespace graven::core
