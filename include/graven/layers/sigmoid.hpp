// Sigmoid: 1 / (1 + exp(-x))
//
// TFLite's LOGISTIC. int8: a table of 256 entries made by the compiler with gemmlowp's fixed point,
// as TFLM computes it; the output has scale 1/256 and zero point -128.
#pragma once

#include "graven/graph/network.hpp"

namespace graven {

struct Sigmoid {
  static constexpr const char* op = "LOGISTIC";

  template <At in> static constexpr Shape output() { return in.shape; }
  template <At in, class Lowering> static constexpr View lower(Lowering& l, View input) {
    return detail::lower_map<in>(l, input, Function::sigmoid, Activation::none,
                                 Quant{1.0f / 256, -128});
  }
};

}  // namespace graven
