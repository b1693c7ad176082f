// What a pool makes of four channels of its elements.
#pragma once

#if defined(__ARM_FEATURE_SIMD32) && defined(__thumb2__)

#include "graven/isa/armv7em/dsp.hpp"
#include "graven/isa/shared/small_windows.hpp"

namespace graven::core::armv7em_isa {

// Four sums of bytes, in halfwords.
struct ChannelSums {
  std::uint32_t even = 0, odd = 0;

  void add(std::uint32_t four) {
    even = add_even(even, four);
    odd = add_odd(odd, four);
  }
  template <class Put> void each(Put put) const {
    put(0, static_cast<std::int16_t>(even));
    put(1, static_cast<std::int16_t>(odd));
    put(2, static_cast<std::int32_t>(even) >> 16);
    put(3, static_cast<std::int32_t>(odd) >> 16);
  }
};

// `repeats`: may an element count twice?
template <bool clamps> struct FourLargest {
  using Acc = std::uint32_t;
  using Any = FourLargest;
  static constexpr bool repeats = true;
  static constexpr int most_words = 4;
  FourClamp<clamps> clamp;

  FourLargest(const Task& t, int) : clamp(t) {}
  static Acc start() { return four_times(-128); }
  static Acc start(std::uint32_t four) { return four; }
  static void add(Acc& acc, std::uint32_t four) { keep_larger(acc, four); }
  std::uint32_t finish(Acc acc) const { return clamp(acc); }
};

constexpr std::uint32_t twice_half(int x) { return static_cast<std::uint32_t>(x) * 0x10001u; }

// Means of n <= 255 elements, half away from zero. Sums are 128 * n higher, so that they are not
// negative; u = sum + (sum > 128 * n ? n / 2 : n - 1 - n / 2) divided by n is the mean + 128. With
// m = 2^24 / n + 1 it is u * m / 2^24: u * (m * n - 2^24) < 2^24, and no product leaves 32 bits.
// `taps`: n where it is always the same; else 0.
template <bool clamps, int taps> struct FourMeans {
  using Acc = ChannelSums;
  using Any = FourMeans<clamps, 0>;
  static constexpr bool repeats = false;
  static constexpr int most_words = 2;
  FourClamp<clamps> clamp;
  std::uint32_t n, factor;

  FourMeans(const Task& t, int count)
      : clamp(t), n(static_cast<std::uint32_t>(taps > 0 ? taps : count)),
        factor((1u << 24) / n + 1) {}
  Acc start() const { return {n * twice_half(128), n * twice_half(128)}; }
  Acc start(std::uint32_t four) const {
    Acc acc = start();
    acc.add(four);
    return acc;
  }
  static void add(Acc& acc, std::uint32_t four) { acc.add(four); }

  [[gnu::always_inline]] std::uint32_t rounded(std::uint32_t sums) const {
    const std::uint32_t half = n / 2;
    if (taps % 2 == 1) return sums + half * twice_half(1);
    return add_chosen(sums, n * twice_half(128) + twice_half(1), half * twice_half(1),
                      (n - 1 - half) * twice_half(1));
  }
  [[gnu::always_inline]] std::uint32_t quotient(std::uint32_t u) const {
    return u * factor + (1u << 31);  // the highest byte counts
  }
  [[gnu::always_inline]] std::uint32_t finish(const Acc& acc) const {
    const std::uint32_t even = rounded(acc.even), odd = rounded(acc.odd);
    constexpr std::uint32_t mask = 0x00ff00ff;
    if constexpr (taps > 0 && std::has_single_bit(static_cast<unsigned>(taps)) && taps < 256) {
      constexpr int by = std::countr_zero(static_cast<unsigned>(taps));
      return clamp(((even >> by & mask) | (odd << (8 - by) & ~mask)) ^ 0x80808080u);
    } else {
      const std::uint32_t evens = high_halves(quotient(even & 0xffff), quotient(even >> 16));
      const std::uint32_t odds = high_halves(quotient(odd & 0xffff), quotient(odd >> 16));
      return clamp((evens >> 8 & mask) | (odds & ~mask));
    }
  }
};

}  // namespace graven::core::armv7em_isa

#endif
