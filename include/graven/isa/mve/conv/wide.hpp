// Convolutions and Dense of int8 with weights of nine bits, which uint8 models have: eight products
// per instruction, four outputs at a time.
#pragma once

#if defined(__ARM_FEATURE_MVE)

#include "graven/isa/armv7em/conv/wide.hpp"
#include "graven/isa/mve/conv/words.hpp"

namespace graven::core::mve_isa {

// Inputs are widened as they are loaded.
struct WideVectors {
  using Copies = VectorCopies;
  static constexpr const char *conv = "mve.uint8", *dense = "mve.uint8_dense",
                              *rows = "mve.uint8_rows";
  static constexpr int step = 8;
  static constexpr int order(int i) { return i; }
  static constexpr int bytes(int steps) { return 8 * steps; }

  static std::byte* raw(std::byte* scratch, int) { return scratch; }
  static void widen(std::byte*, int) {}
  static void sums(std::int32_t* sums, const std::byte* inputs, const std::byte* weights,
                   int steps) {
    vstrwq_s32(sums, FourWords::sums<true>(inputs, weights, steps));
  }
};
using WideConvs = armv7em_isa::Wides<WideVectors>;

}  // namespace graven::core::mve_isa

#endif
