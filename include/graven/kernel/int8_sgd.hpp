// nano-rust's training step of a dense layer in int8: one sample, no state. With g the loss's slope
// at an output and x an input,
//   w = saturate(w - (g * x * rate >> 10)), b = saturate(b - (g * rate >> 8))
// Shifts round down: a small negative product moves a weight by one, a positive one does not.
#pragma once

#include "graven/quant.hpp"

#include <cstdint>
#include <span>

namespace graven::core {

constexpr std::int8_t int8_sgd(std::int8_t value, int product, int shift) {
  return static_cast<std::int8_t>(clamp(std::int32_t{value - (product >> shift)}, {-128, 127}));
}

// `weights` are output_grad.size() rows of input.size() each, `bias` has output_grad.size().
constexpr void int8_sgd_step(std::span<std::int8_t> weights, std::span<std::int8_t> bias,
                             std::span<const std::int8_t> input,
                             std::span<const std::int8_t> output_grad, std::int8_t rate) {
  std::size_t at = 0;
  for (std::size_t o = 0; o < output_grad.size(); ++o) {
    const int slope = output_grad[o] * rate;
    for (const std::int8_t x : input) {
      weights[at] = int8_sgd(weights[at], slope * x, 10);
      ++at;
    }
    bias[o] = int8_sgd(bias[o], slope, 8);
  }
}

}  // namespace graven::core
