// Functions of int16 by tables with interpolation, as TensorFlow Lite has them: LOGISTIC and TANH
// (reference/integer_ops/logistic.h, tanh.h), SOFTMAX (reference/softmax.h), and by tables of their
// own (LUTPopulate in internal/common.h).
#pragma once

#include "graven/fixed_point.hpp"
#include "graven/floating_point.hpp"
#include "graven/quant.hpp"

#include <array>
#include <cstdint>

namespace graven::core::interpolation {

// What scales an int16 to multiples of 1 / (3 * 4096), by a multiplier and a right shift.
struct Scaling {
  std::int32_t multiplier = 0, shift = 0;
};
// `doubled`: TANH also takes steps of 2^-11 as they are.
constexpr Scaling scaling(float scale, bool doubled) {
  if (scale == 1.0f / 4096) return {3, 0};
  if (doubled && scale == 1.0f / 2048) return {6, 0};
  double multiplier = static_cast<double>(scale) * 4096 * 3;
  int shift = 0;
  for (; multiplier <= 32767.0 / 2 && shift <= 30; multiplier *= 2) ++shift;
  return {static_cast<std::int32_t>(multiplier), shift};
}
constexpr std::int32_t scaled(std::int32_t q, Scaling s) {
  return (q * s.multiplier + (s.shift > 0 ? 1 << (s.shift - 1) : 0)) >> s.shift;
}

// In units of 2^-15.
constexpr std::int16_t logistic(std::int32_t q, Scaling s) {
  return fixed_point::logistic16(scaled(q, s));
}
constexpr std::int16_t tanh(std::int32_t q, Scaling s) { return fixed_point::tanh16(scaled(q, s)); }

// ---- tables over all of int16: 512 pieces -------------------------------------------------------

// The compiler makes them; half of what a straight line misses in the middle is given to its ends.

template <class T> using Table = std::array<T, 513>;

// `function` from `low` to `high`, float32 from end to end, in steps of which 1 has `one`
// (LUTPopulate).
template <class T, class F>
constexpr Table<T> make_table(F function, float low, float high, float one = 32768) {
  auto rounded = [](float x) {
    const bool whole = floating_point::magnitude(x) >= 8388608;
    return whole ? x : static_cast<float>(detail::round_away(x));
  };
  auto sample = [=](float x) {  // limited: constant expressions know no infinite differences
    const float y = function(x), limit = 1e30f / one;
    return y > limit ? 1e30f : y < -limit ? -1e30f : y * one;
  };
  auto saturated = [](float x) {
    return static_cast<T>(x < -32768 ? -32768 : x > 32767 ? 32767 : x);
  };
  Table<T> table{};
  const float step = (high - low) / 512;
  for (int i = 0; i < 512; ++i) {
    const float at = low + static_cast<float>(i) * step;
    const float here = rounded(sample(at));
    const float next = sample(low + static_cast<float>(i + 1) * step);
    const float missed = rounded((next + here) / 2) - rounded(sample(at + step / 2));
    table[static_cast<std::size_t>(i)] = saturated(here - rounded(missed / 2));
  }
  table[512] = saturated(rounded(sample(high)));
  return table;
}
constexpr float exp(float x) {
  return static_cast<float>(floating_point::exp(static_cast<double>(x)));
}
constexpr float one_over_one_plus(float x) { return 1.0f / (1.0f + x); }

// Of their element type, so that the compiler makes them for those who use them alone: g++ and
// clang would make what depends on no parameter wherever this header is read.
template <class T> inline constexpr Table<T> exponentials = make_table<T>(exp, -10, 0);
template <class T> inline constexpr Table<T> reciprocals = make_table<T>(one_over_one_plus, 0, 1);

// Of a function from all int16 of one scale to those of another.
template <class F> constexpr Table<std::int16_t> word_table(F function, float in, float out) {
  const float one = 65536 / (out * 32767 - out * -32768);
  return make_table<std::int16_t>(function, in * -32768, in * 32767, one);
}

template <class T> constexpr std::int32_t look_up(std::int32_t q, const Table<T>& table) {
  const auto at = static_cast<std::size_t>(256 + (q >> 7));
  return table[at] + (((table[at + 1] - table[at]) * (q & 0x7f) + 64) >> 7);
}

}  // namespace graven::core::interpolation
