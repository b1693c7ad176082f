// Float32 where no FPU is: a sum of products on integers, whose mantissa and exponent stay apart
// from one product to the next, without calls of the compiler's library. Every product and every
// sum is rounded to the nearest, ties to even, so that bits are those of scalar. Generic, above the
// instruction sets: how two mantissas are multiplied is the core's business.
#pragma once

#include "graven/isa/scalar/conv.hpp"

namespace graven::core {

// Two mantissas in [2^23, 2^24) -> the upper 32 of the product's 48 bits; the lowest of these is 1
// where one of the others is. By products of 32 bits alone, of half mantissas.
struct NarrowMantissas {
  static constexpr std::uint32_t product(std::uint32_t a, std::uint32_t b) {
    const std::uint32_t a1 = a >> 12, a0 = a & 0xfff, b1 = b >> 12, b0 = b & 0xfff;
    const std::uint32_t low = a0 * b0, middle = a1 * b0 + a0 * b1 + (low >> 12);
    const std::uint32_t lost = (middle & 15) | (low & 0xfff);
    return ((a1 * b1 << 8) + (middle >> 4)) | (lost != 0 ? 1u : 0u);
  }
};
// By a long product.
struct WideMantissas {
  static constexpr std::uint32_t product(std::uint32_t a, std::uint32_t b) {
    const std::uint64_t whole = std::uint64_t{a << 8} * (b << 8);
    const auto lost = static_cast<std::uint32_t>(whole);
    return static_cast<std::uint32_t>(whole >> 32) | (lost != 0 ? 1u : 0u);
  }
};

// A number that is normal, or 0: mantissa * 2^(exponent - 150), the mantissa in [2^23, 2^24).
struct Unpacked {
  static constexpr std::uint32_t hidden = 1u << 23, negative = 1u << 31;
  std::uint32_t mantissa = 0;
  int exponent = 0;
  std::uint32_t sign = 0;  // 0 or `negative`

  static constexpr int exponent_of(std::uint32_t bits) {
    return static_cast<int>(bits >> 23 & 255);
  }
  static constexpr std::uint32_t mantissa_of(std::uint32_t bits) {
    return (bits & (hidden - 1)) | hidden;
  }
  static constexpr bool has_usual(int exponent) { return exponent > 0 && exponent < 255; }

  // From `bits` in [1, 2^32), of which 2^31 is the exponent's place.
  [[gnu::always_inline]] constexpr void set_rounded(std::uint32_t bits, int at) {
    while (bits >> 31 == 0) {
      bits <<= 1;
      --at;
    }
    mantissa = bits >> 8;
    mantissa += (bits & 255) + (mantissa & 1) > 128 ? 1u : 0u;
    exponent = at;
    if (mantissa == 2 * hidden) {
      mantissa = hidden;
      ++exponent;
    }
  }
  // Neither is 0.
  [[gnu::always_inline]] constexpr void add(Unpacked term) {
    if (exponent < term.exponent) {
      const Unpacked self = *this;
      *this = term;
      term = self;
    }
    const int lower = exponent - term.exponent;
    const std::uint32_t large = mantissa << 7, all = term.mantissa << 7;
    std::uint32_t small = lower < 31 ? all >> lower : 0;
    if (lower >= 31 || small << lower != all) small |= 1;
    std::uint32_t bits = large + small;
    if (sign != term.sign) {
      bits = large - small;
      if (bits == 0) {
        *this = {};
        return;
      }
      if (small > large) {
        bits = small - large;
        sign = term.sign;
      }
    }
    set_rounded(bits, exponent + 1);
  }
};

template <class Mantissas> struct SoftFloat32 : scalar_isa::Float32 {
  using scalar_isa::Float32::Float32;

  // Where something is no number, infinite or below the normal range, scalar's way.
  static constexpr float dot(const std::byte* a, const std::byte* b, int count, float acc) {
    const auto start = std::bit_cast<std::uint32_t>(acc);
    Unpacked sum;
    bool usual = start == 0;
    if (Unpacked::has_usual(Unpacked::exponent_of(start))) {
      sum = {Unpacked::mantissa_of(start), Unpacked::exponent_of(start),
             start & Unpacked::negative};
      usual = true;
    }
    const std::byte *x = a, *w = b;
    for (const std::byte* const end = a + 4 * count; usual && x != end; x += 4, w += 4)
      usual = step(sum, load_aligned<std::uint32_t>(x), load_aligned<std::uint32_t>(w));
    if (!usual) return scalar_isa::dot<scalar_isa::Float32>(a, b, count, acc);
    if (sum.mantissa == 0) return 0;
    return std::bit_cast<float>(sum.sign | static_cast<std::uint32_t>(sum.exponent) << 23 |
                                (sum.mantissa & (Unpacked::hidden - 1)));
  }
  [[gnu::always_inline]] static constexpr bool step(Unpacked& sum, std::uint32_t x,
                                                    std::uint32_t w) {
    if (x << 1 == 0 || w << 1 == 0) return Unpacked::exponent_of(x | w) != 255;
    const int m = Unpacked::exponent_of(x), n = Unpacked::exponent_of(w);
    if (!Unpacked::has_usual(m) || !Unpacked::has_usual(n)) return false;
    Unpacked term;
    term.set_rounded(Mantissas::product(Unpacked::mantissa_of(x), Unpacked::mantissa_of(w)),
                     m + n - 126);
    if (!Unpacked::has_usual(term.exponent)) return false;
    term.sign = (x ^ w) & Unpacked::negative;
    if (sum.mantissa == 0) {
      sum = term;
      return true;
    }
    sum.add(term);
    return sum.mantissa == 0 || Unpacked::has_usual(sum.exponent);
  }
};

// Convolutions and Dense.
template <class Mantissas> struct SoftConv : scalar_isa::Conv<SoftFloat32<Mantissas>> {
  static constexpr const char* name = "soft.conv";
};
template <class Mantissas>
struct SoftGroupedConv : scalar_isa::GroupedConv<SoftFloat32<Mantissas>> {
  static constexpr const char* name = "soft.grouped_conv";
};
template <class Mantissas> struct SoftDense : scalar_isa::DenseRows<SoftFloat32<Mantissas>> {
  static constexpr const char* name = "soft.dense";
};
template <class Mantissas>
using SoftFloats = Prefer<SoftConv<Mantissas>, SoftGroupedConv<Mantissas>, SoftDense<Mantissas>>;

}  // namespace graven::core
