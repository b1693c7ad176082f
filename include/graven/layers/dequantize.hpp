// Dequantize: int8 or uint8 -> float32, scale * (q - zero_point)
//
// TFLite's DEQUANTIZE.
#pragma once

#include "graven/graph/network.hpp"

namespace graven::core {

namespace op {
inline constexpr Op dequantize{"dequantize"};
}

struct Dequantize {
  static constexpr const char* op = "DEQUANTIZE";

  template <At in> static constexpr Shape output() { return in.shape; }
  template <At in, class Lowering> static constexpr View lower(Lowering& l, View input) {
    input = l.with_rows(input, in.layer);
    Value v = l.begin(op::dequantize, in.layer, in.shape, input);
    v.element = Element::float32;
    v.quant = {};
    return l.add(v, input);
  }
};

}  // namespace graven::core
