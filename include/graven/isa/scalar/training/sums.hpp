// Sums of products of floats, for training: in an order that every core keeps, so that all of them
// learn the same weights.
#pragma once

#include "graven/kernel/bytes.hpp"

namespace graven::core::scalar_isa {

inline constexpr int lanes = 8;

// The sum of a[i] * b[i]: eight sums side by side, as vector units make them, then in pairs.
constexpr float product(const std::byte* a, const std::byte* b, int count) {
  float sum[lanes]{};
  for (; count >= lanes; count -= lanes, a += 4 * lanes, b += 4 * lanes)
    for (int i = 0; i < lanes; ++i) sum[i] += load<float>(a + 4 * i) * load<float>(b + 4 * i);
  for (int i = 0; i < count; ++i) sum[i] += load<float>(a + 4 * i) * load<float>(b + 4 * i);
  return ((sum[0] + sum[4]) + (sum[2] + sum[6])) + ((sum[1] + sum[5]) + (sum[3] + sum[7]));
}

// to[i] += from[i] * factor
constexpr void add_scaled(std::byte* to, const std::byte* from, int count, float factor) {
  for (int i = 0; i < count; ++i)
    store(to + 4 * i, load<float>(to + 4 * i) + load<float>(from + 4 * i) * factor);
}

constexpr void add(std::byte* to, float x) { store(to, load<float>(to) + x); }

constexpr void clear(std::byte* to, int count) { fill_bytes(to, std::byte{0}, 4 * count); }

}  // namespace graven::core::scalar_isa
