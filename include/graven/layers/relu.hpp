// ReLU: max(0, x);  ReLUN1To1: min(max(-1, x), 1);  ReLU0To1: min(max(0, x), 1)
//
// TFLite's RELU, RELU_N1_TO_1, RELU_0_TO_1. Behind a layer that can clamp, with the same
// quantization, it costs nothing (fuse_activations); elsewhere int8 goes through a table made by
// the compiler. With another output scale the value is rescaled.
#pragma once

#include "graven/graph/network.hpp"

namespace graven::core {

struct ReLU {
  static constexpr const char* op = "RELU";
  template <At in> static constexpr Shape output() { return in.shape; }
  template <At in, class Lowering> static constexpr View lower(Lowering& l, View input) {
    return detail::lower_clamp<in>(l, input, Activation::relu);
  }
};

struct ReLUN1To1 {
  static constexpr const char* op = "RELU_N1_TO_1";
  template <At in> static constexpr Shape output() { return in.shape; }
  template <At in, class Lowering> static constexpr View lower(Lowering& l, View input) {
    return detail::lower_clamp<in>(l, input, Activation::relu_n1_to_1);
  }
};

struct ReLU0To1 {
  static constexpr const char* op = "RELU_0_TO_1";
  template <At in> static constexpr Shape output() { return in.shape; }
  template <At in, class Lowering> static constexpr View lower(Lowering& l, View input) {
    return detail::lower_clamp<in>(l, input, Activation::relu_0_to_1);
  }
};

}  // namespace graven::core
