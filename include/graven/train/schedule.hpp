// Rates that change: trainer.set_rate(schedule(step)), with schedule one of these.
#pragma once

#include "graven/floating_point.hpp"

#include <cstdint>

namespace graven::core::schedule {

struct Constant {
  float rate;

  constexpr float operator()(std::uint32_t) const { return rate; }
};

// Times `factor` after every `every` steps; 0: never.
struct StepDecay {
  float rate, factor;
  std::uint32_t every;

  constexpr float operator()(std::uint32_t step) const {
    // Doubles, because powers leave the range of float where their product with the rate does not.
    double now = static_cast<double>(rate), power = static_cast<double>(factor);  // ^1, ^2, ^4, ...
    for (std::uint32_t n = every > 0 ? step / every : 0; n > 0 && now > 0; n /= 2) {
      if (n % 2 > 0) now *= power;
      if (n > 1) power *= power;
    }
    return static_cast<float>(now);
  }
};

// Half a cosine from `rate` down to `least` at step `steps`, where it stays.
struct Cosine {
  float rate, least;
  std::uint32_t steps;

  constexpr float operator()(std::uint32_t step) const {
    if (step >= steps) return least;
    const float part = static_cast<float>(step) / static_cast<float>(steps);
    return least + (rate - least) * (1 + floating_point::cos(3.14159265f * part)) / 2;
  }
};

// Rises from rate / steps in equal parts to the rate, then goes on with another schedule, whose
// step 0 is the first after the rise.
template <class Then> struct Warmup {
  std::uint32_t steps;
  Then then;

  constexpr float operator()(std::uint32_t step) const {
    if (step >= steps) return then(step - steps);
    return then(0) * static_cast<float>(step + 1) / static_cast<float>(steps);
  }
};
template <class Then> Warmup(std::uint32_t, Then) -> Warmup<Then>;

}  // namespace graven::core::schedule
