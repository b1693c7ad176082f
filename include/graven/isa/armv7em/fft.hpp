// The real Fourier transform of int16, as kissfft computes it (isa/scalar/kissfft.hpp): a complex
// number is a word, whose halves are added, turned and multiplied together.
#pragma once

#if defined(__ARM_FEATURE_SIMD32) && defined(__thumb2__)

#include "graven/isa/scalar/fft.hpp"

namespace graven::core::armv7em_isa {

namespace fft {

#define GRAVEN_HALVES(name, instruction)                                                           \
  [[gnu::always_inline]] inline std::uint32_t name(std::uint32_t a, std::uint32_t b) {             \
    std::uint32_t y;                                                                               \
    asm(#instruction " %0, %1, %2" : "=r"(y) : "r"(a), "r"(b) : "cc");                             \
    return y;                                                                                      \
  }
GRAVEN_HALVES(sum, sadd16)
GRAVEN_HALVES(difference, ssub16)
GRAVEN_HALVES(half_sum, shadd16)
GRAVEN_HALVES(half_difference, shsub16)
GRAVEN_HALVES(less_i_times, ssax)  // a - i * b
GRAVEN_HALVES(plus_i_times, sasx)  // a + i * b
#undef GRAVEN_HALVES

// Both numbers / 2^15, as halves.
[[gnu::always_inline]] inline std::uint32_t scaled(std::int32_t re, std::int32_t im) {
  std::uint32_t y;
  asm("pkhtb %0, %1, %2, asr #15" : "=r"(y) : "r"(static_cast<std::uint32_t>(im) << 1), "r"(re));
  return y;
}
inline constexpr std::int32_t rounding = 1 << 14;

template <int by> [[gnu::always_inline]] inline std::uint32_t divided(std::uint32_t a) {
  std::int32_t re, im;
  asm("smlabb %0, %1, %2, %3" : "=r"(re) : "r"(a), "r"(32767 / by), "r"(rounding));
  asm("smlatb %0, %1, %2, %3" : "=r"(im) : "r"(a), "r"(32767 / by), "r"(rounding));
  return scaled(re, im);
}
[[gnu::always_inline]] inline std::uint32_t times(std::uint32_t a, std::uint32_t b) {
  std::int32_t re, im;
  asm("smlsd %0, %1, %2, %3" : "=r"(re) : "r"(a), "r"(b), "r"(rounding));
  asm("smladx %0, %1, %2, %3" : "=r"(im) : "r"(a), "r"(b), "r"(rounding));
  return scaled(re, im);
}
[[gnu::always_inline]] inline std::uint32_t conjugate(std::uint32_t a) {
  return (difference(0, a) & 0xffff0000u) | (a & 0xffff);
}
[[gnu::always_inline]] inline std::uint32_t get(const std::byte* from) {
  return load_aligned<std::uint32_t>(from);
}
[[gnu::always_inline]] inline void put(std::byte* to, std::uint32_t a) { store_aligned(to, a); }

// scalar_isa::fft::place: digits of base 4, of which the last may be one of base 2, reversed.
[[gnu::always_inline]] inline std::uint32_t place(std::uint32_t at, int unused, bool odd) {
  std::uint32_t x;
  asm("rbit %0, %1" : "=r"(x) : "r"(at));
  x >>= unused;
  const std::uint32_t low = odd ? 0x2aaaaaaa : 0x55555555;  // of each pair
  const std::uint32_t swapped = ((x >> 1) & low) | ((x & low) << 1);
  return odd ? swapped | (x & 1) : swapped;
}

// All blocks of two numbers.
inline void stage2(std::byte* data, const std::byte* turns, int blocks) {
  const std::uint32_t turn = get(turns);
  for (; blocks > 0; --blocks, data += 8) {
    const std::uint32_t a = divided<2>(get(data)), b = times(divided<2>(get(data + 4)), turn);
    put(data, sum(a, b));
    put(data + 4, difference(a, b));
  }
}
// One stage in place: `blocks` blocks of 4 * rest numbers. All that have the same turns come one
// after the other.
inline void stage4(std::byte* data, const std::byte* turns, int blocks, int rest) {
  const int apart = 4 * rest, step = 4 * blocks;
  for (int k = 0; k < rest; ++k, data += 4) {
    const std::uint32_t one = get(turns + k * step), two = get(turns + 2 * k * step),
                        three = get(turns + 3 * k * step);
    std::byte* at = data;
    for (int block = blocks; block > 0; --block, at += 4 * apart) {
      std::byte* at_c = at + 2 * apart;
      const std::uint32_t a = divided<4>(get(at)), c = times(divided<4>(get(at_c)), two);
      const std::uint32_t b = times(divided<4>(get(at + apart)), one),
                          d = times(divided<4>(get(at_c + apart)), three);
      const std::uint32_t less = difference(a, c), more = sum(a, c);
      const std::uint32_t other = difference(b, d), total = sum(b, d);
      put(at, sum(more, total));
      put(at + apart, less_i_times(less, other));
      put(at_c, difference(more, total));
      put(at_c + apart, plus_i_times(less, other));
    }
  }
}
inline void transform(std::byte* data, const std::byte* turns, int n, bool odd) {
  int rest = odd ? 2 : 1;
  if (odd) stage2(data, turns, n / 2);
  for (; rest < n; rest *= 4) stage4(data, turns, n / (4 * rest), rest);
}

}  // namespace fft

struct RealFft : scalar_isa::RealFfts<std::int16_t> {
  static constexpr const char* name = "armv7em.real_fft";

  static void run(const Task& task, const Band& band) {
    const int n = (task.out_channels - 2) / 2, given = task.in_channels;
    const bool odd = (n & 0x2aaaaaaa) != 0;
    const std::byte *in = band.rows[0], *turns = task.stream;
    std::byte *data = band.scratch, *out = band.out[0];
    for (int x = task.out_width; x > 0; --x, in += 2 * given, out += 2 * task.out_channels) {
      sort(in, given, data, n, odd);
      fft::transform(data, turns, n, odd);
      join(data, turns + 4 * n, n, out);
    }
  }
  // Pairs of samples at their places, and zeros where none are given.
  static void sort(const std::byte* in, int given, std::byte* data, int n, bool odd) {
    const int unused = std::countl_zero(static_cast<std::uint32_t>(n)) + 1;
    const int count = given < 2 * n ? given : 2 * n, pairs = count / 2;
    auto put = [&](int k, std::uint32_t pair) {
      fft::put(data + 4 * fft::place(static_cast<std::uint32_t>(k), unused, odd), pair);
    };
    for (int k = 0; k < pairs; ++k) put(k, load<std::uint32_t>(in + 4 * k));
    for (int k = pairs; k < n; ++k)
      put(k, k == pairs && count % 2 != 0 ? load<std::uint16_t>(in + 4 * k) : 0);
  }
  static void join(const std::byte* data, const std::byte* turns, int n, std::byte* out) {
    const std::uint32_t first = fft::divided<2>(fft::get(data));
    const auto re = static_cast<std::int16_t>(first);
    const std::int32_t im = static_cast<std::int32_t>(first) >> 16;
    store(out, static_cast<std::uint32_t>(re + im) & 0xffff);
    store(out + 4 * n, static_cast<std::uint32_t>(re - im) & 0xffff);
    const std::byte *low = data + 4, *high = data + 4 * (n - 1);
    std::byte *below = out + 4, *above = out + 4 * (n - 1);
    for (int k = n / 2; k > 0; --k, low += 4, high -= 4, below += 4, above -= 4, turns += 4) {
      const std::uint32_t near = fft::divided<2>(fft::get(low));
      const std::uint32_t far = fft::divided<2>(fft::conjugate(fft::get(high)));
      const std::uint32_t even = fft::sum(near, far);
      const std::uint32_t odd = fft::times(fft::difference(near, far), fft::get(turns));
      store(below, fft::half_sum(even, odd));
      const std::uint32_t imaginary = fft::half_difference(odd, even) & 0xffff0000u;
      store(above, imaginary | (fft::half_difference(even, odd) & 0xffff));
    }
  }
};

}  // namespace graven::core::armv7em_isa

#endif
