// Attention of int16 by instructions of two halfwords: exponentials of 24 bits as two halfwords,
// the distance of scores by products of 32 bits.
#pragma once

#include "graven/isa/scalar/attention_wide.hpp"
#include "graven/isa/shared/fpu/quantize.hpp"

namespace graven::core {

// An exponential is 2^9 * high + low; both are halfwords, low is 2^9 at most.
struct HalvedExponential {
  static constexpr int bits = 9;
  std::uint32_t high, low;

  [[gnu::always_inline]] explicit HalvedExponential(std::uint32_t e)
      : high(upper(e)), low(e - (high << bits)) {}

private:
  [[gnu::always_inline]] static std::uint32_t upper(std::uint32_t e) {
#if defined(__thumb2__)
    std::uint32_t y;
    asm("usat %0, #15, %1, asr #9" : "=r"(y) : "r"(e));
    return y;
#else
    return e >> bits < 0x7fff ? e >> bits : 0x7fff;
#endif
  }
};

// AttentionInt16::exponential without products and shifts of 64 bits: of a multiplier shifted left,
// the upper words of products remain.
struct WordExponentials {
  std::uint32_t multiplier, half, right, added;
  std::uint64_t least;

  static constexpr int fewest = 17, most = 41;  // bits of the shift that it serves

  explicit WordExponentials(const scalar_isa::AttentionInt16& r)
      : multiplier(static_cast<std::uint32_t>(r.multiplier) << (r.shift < 32 ? 32 - r.shift : 0)),
        half(r.shift > 32 ? 0 : 1u << 31),
        right(r.shift > 32 ? static_cast<std::uint32_t>(r.shift - 32) : 0),
        added((r.shift > 32 ? 1u << (r.shift - 33) : 0) + (6u << (16 + right))),
        least(static_cast<std::uint64_t>(r.least)) {}

  [[gnu::always_inline]] std::uint32_t operator()(std::int64_t top, std::int64_t score) const {
    const auto below = static_cast<std::uint64_t>(top) - static_cast<std::uint64_t>(score);
    if (below >= least) return 0;
    const auto low = static_cast<std::uint32_t>(below);
    const auto high = static_cast<std::uint32_t>(below >> 32);
    const std::uint64_t start = std::uint64_t{high * multiplier + added} << 32 | half;
    const auto upper = static_cast<std::uint32_t>((std::uint64_t{low} * multiplier + start) >> 32);
    const std::uint32_t t = upper >> right;  // six octaves more
    const std::uint32_t* const entry = scalar_isa::fine_octave.data() + (t >> 8 & 255);
    const std::uint32_t between = (entry[0] - entry[1]) * (t & 255) >> 8;
    return (entry[0] - between) >> (t >> 16);
  }
};

// The nearest float: of more than 31 bits the upper ones, of which the last one says whether a
// lower one is set.
inline float nearest_float(std::int64_t x) {
  const auto low = static_cast<std::int32_t>(x);
  if (low == x) return static_cast<float>(low);
  const auto size = static_cast<std::uint64_t>(x < 0 ? -x : x);
  const int down = 32 - std::countl_zero(static_cast<std::uint32_t>(size >> 31));
  const auto upper = static_cast<std::uint32_t>(size >> down);
  const bool more = size << (64 - down) != 0;
  const float y = static_cast<float>(static_cast<std::int32_t>(upper | (more ? 1u : 0u))) *
                  floating_point::power_of_two<float>(down);
  return x < 0 ? -y : y;
}
// AttentionInt16::put.
[[gnu::always_inline]] inline void put_word(std::byte* out, std::int64_t acc, float factor) {
#if defined(__ARM_FP) && (__ARM_FP & 4) && defined(__ARM_FEATURE_DSP)
  const std::int32_t y = fpu_isa::quantized<std::int16_t>(nearest_float(acc) * factor, 1);
  store(out, static_cast<std::int16_t>(y));
#else
  scalar_isa::AttentionInt16::put(out, acc, factor);
#endif
}

}  // namespace graven::core
