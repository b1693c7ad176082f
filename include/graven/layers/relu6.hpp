// ReLU6: min(max(0, x), 6)
//
// TFLite's RELU6; fused or a table, as relu.hpp. With another output scale the value is rescaled,
// which TFLM does not do.
#pragma once

#include "graven/graph/network.hpp"

namespace graven::core {

struct ReLU6 {
  static constexpr const char* op = "RELU6";
  template <At in> static constexpr Shape output() { return in.shape; }
  template <At in, class Lowering> static constexpr View lower(Lowering& l, View input) {
    return detail::lower_clamp<in>(l, input, Activation::relu6);
  }
};

}  // namespace graven::core
