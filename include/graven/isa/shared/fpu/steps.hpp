// How sums of products go on from tap to tap.
#pragma once

namespace graven::core::fpu_isa {

// Bytes from one tap of a depthwise convolution to the next.
struct Steps {
  int inputs, weights;
};

}  // namespace graven::core::fpu_isa
