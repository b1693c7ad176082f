// What the steps of one training step have in common.
#pragma once

#include "graven/kernel/bytes.hpp"

namespace graven::core {

// What a Trainer tells the updates, a row of floats in the State, and what they say to it.
struct StepNumbers {
  enum Number {
    rate,
    scaled_rate,  // rate / (1 - beta1^t)
    root_scale,   // 1 / sqrt(1 - beta2^t)
    refused,      // weights that would have become infinite or NaN and were left as they are
    power1,       // 1 - beta1^t
    power2,       // 1 - beta2^t
    gathered,     // samples of the batch that have come
    count
  };
  std::byte* row;

  constexpr float operator[](Number n) const { return load<float>(row + 4 * n); }
  constexpr void set(Number n, float x) const { store(row + 4 * n, x); }
};

}  // namespace graven::core
