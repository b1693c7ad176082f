// ZerosLike: zeros in the shape and the element type of the input
//
// TFLite's ZEROS_LIKE. int8 becomes the integer 0 as in TFLM, whatever its zero point.
#pragma once

#include "graven/graph/network.hpp"

namespace graven::core {

namespace op {
inline constexpr Op zeros{"zeros"};
}

struct ZerosLike {
  static constexpr const char* op = "ZEROS_LIKE";

  template <At in> static constexpr Shape output() { return in.shape; }
  template <At in, class Lowering> static constexpr View lower(Lowering& l, View input) {
    input = l.with_rows(input, in.layer);
    Value v = l.begin(core::op::zeros, in.layer, in.shape, input);
    v.elementwise = true;
    return l.add(v, input);
  }
};

}  // namespace graven::core
