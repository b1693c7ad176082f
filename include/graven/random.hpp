// A small generator of random numbers, the same on every core: PCG32 (XSH-RR) by M. E. O'Neill.
#pragma once

#include "graven/floating_point.hpp"

#include <cstdint>

namespace graven::core {

class Random {
public:
  constexpr explicit Random(std::uint64_t seed) { next(), state += seed, next(); }

  constexpr std::uint32_t next() {
    const std::uint64_t old = state;
    state = old * 6364136223846793005u + 1442695040888963407u;
    const auto word = static_cast<std::uint32_t>(((old >> 18) ^ old) >> 27);
    const auto turn = static_cast<std::uint32_t>(old >> 59);
    return word >> turn | word << (-turn & 31);
  }
  // In [0, count).
  constexpr std::uint32_t below(std::uint32_t count) {
    return static_cast<std::uint32_t>(std::uint64_t{next()} * count >> 32);
  }
  // In [0, 1), in steps of 2^-24.
  constexpr float uniform() { return static_cast<float>(next() >> 8) * 0x1p-24f; }
  // Of mean 0 and variance 1, by Box and Muller.
  constexpr float normal() {
    const float radius = floating_point::sqrt(-2 * floating_point::log(1 - uniform()));
    return radius * floating_point::cos(6.28318531f * uniform());
  }

private:
  std::uint64_t state = 0;
};

}  // namespace graven::core
