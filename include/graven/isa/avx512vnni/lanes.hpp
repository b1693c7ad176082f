// The arithmetic of isa/avxvnni/lanes.hpp in registers of sixteen sums.
#pragma once

#if defined(__AVX512VNNI__) && defined(__AVX512BW__) && defined(__AVX512VL__)

#include "graven/isa/avxvnni/lanes.hpp"

namespace graven::core::avx512vnni_isa {

using avx2_isa::Limits;
using avx2_isa::Program;

inline __m512i load64(const std::byte* from) { return _mm512_loadu_si512(from); }

// The first `count` of 64 bytes, and of 32 or 16.
inline __mmask64 first_bytes(int count) {
  return count >= 64 ? ~__mmask64{0} : (__mmask64{1} << count) - 1;
}

// With masks of all lanes: g++ 12 takes what the plain ones begin with for uninitialized.
inline __m512i multiply_even(__m512i a, __m512i b) { return _mm512_maskz_mul_epi32(0xff, a, b); }
inline __m512i shift64(__m512i x, unsigned right) {
  return _mm512_maskz_srli_epi64(0xff, x, right);
}
inline __m512i shift_left(__m512i x, __m512i by) { return _mm512_maskz_sllv_epi32(0xffff, x, by); }
inline __m512i shift_right(__m512i x, __m512i by) { return _mm512_maskz_srav_epi32(0xffff, x, by); }
inline __m512i sign(__m512i x) { return _mm512_maskz_srai_epi32(0xffff, x, 31); }

// high_multiply and rounding_shift of quant.hpp.
inline __m512i high_multiply(__m512i x, __m512i multiplier, __m512i odd) {
  const __m512i half = _mm512_set1_epi64(1 << 30);
  const __m512i even = _mm512_add_epi64(multiply_even(x, multiplier), half);
  const __m512i others = _mm512_add_epi64(multiply_even(shift64(x, 32), odd), half);
  return _mm512_mask_blend_epi32(0xaaaa, shift64(even, 31), _mm512_add_epi64(others, others));
}
inline __m512i rounding_shift(__m512i x, __m512i shift) {
  const __m512i one = _mm512_set1_epi32(1);
  const __m512i mask = _mm512_sub_epi32(shift_left(one, shift), one);
  const __m512i threshold = _mm512_sub_epi32(_mm512_maskz_srli_epi32(0xffff, mask, 1), sign(x));
  const __mmask16 up = _mm512_cmpgt_epi32_mask(_mm512_and_si512(x, mask), threshold);
  const __m512i y = shift_right(x, shift);
  return _mm512_mask_add_epi32(y, up, y, one);
}

// From sums to outputs, by a table's program (isa/avx2/lanes.hpp).
template <int program> struct Scale {
  __m512i multiplier, odd, first, second, shift;

  [[gnu::always_inline]] Scale(const std::byte* table, const Limits& limits)
      : multiplier(load64(table + 64)), odd(shift64(multiplier, 32)), first(load64(table + 128)),
        second(program == avx2_isa::general ? _mm512_set1_epi32(limits.zero) : load64(table + 192)),
        shift(load64(table + 256)) {}

  [[gnu::always_inline]] __m512i operator()(__m512i acc) const {
    if constexpr (program == avx2_isa::clipped) {
      const __m512i even = _mm512_add_epi64(multiply_even(acc, multiplier), first);
      const __m512i others = _mm512_add_epi64(multiply_even(shift64(acc, 32), odd), second);
      const __m512i high = _mm512_mask_blend_epi32(0xaaaa, shift64(even, 32), others);
      return shift_right(high, shift);
    } else if constexpr (program == avx2_isa::rounded) {
      const __m512i x = high_multiply(acc, multiplier, odd);
      return shift_right(_mm512_add_epi32(_mm512_add_epi32(x, sign(x)), first), shift);
    } else {
      const __m512i x = high_multiply(shift_left(acc, first), multiplier, odd);
      return _mm512_add_epi32(rounding_shift(x, shift), second);
    }
  }
};

struct Bytes : avxvnni_isa::Bytes {
  static constexpr const char *conv = "avx512vnni.conv", *depthwise = "avx512vnni.depthwise";
  using Vector = __m512i;
  using Table = avx2_isa::ChannelTable<16, 128>;
  template <int program> using Scale = avx512vnni_isa::Scale<program>;
  static constexpr int lanes = 16, weight_bytes = 64;
  static constexpr int slack = 128;  // a vector beyond the end, and what its taps read
  static constexpr int header = 64;

  static constexpr int widest(int) { return 4; }
  static constexpr int pixels(int vectors) { return vectors == 1 ? 12 : vectors == 2 ? 8 : 6; }

  [[gnu::always_inline]] static Vector loaded(const std::byte* from) { return load64(from); }
  [[gnu::always_inline]] static Vector start(const std::byte* table) { return load64(table); }
  [[gnu::always_inline]] static Vector weights(const std::byte* from) { return load64(from); }
  [[gnu::always_inline]] static Vector inputs(const std::byte* from) {
    return _mm512_set1_epi32(load<std::int32_t>(from));
  }
  [[gnu::always_inline]] static Vector add(Vector acc, Vector x, Vector w) {
#if defined(__clang__)
    return _mm512_dpbusd_epi32(acc, x, w);
#else
    asm("vpdpbusd %2, %1, %0" : "+v"(acc) : "v"(x), "vm"(w));  // g++ 12 spills around the intrinsic
    return acc;
#endif
  }
  [[gnu::always_inline]] static Vector flip(Vector x) {  // x + 128
    return _mm512_xor_si512(x, _mm512_set1_epi8(-128));
  }

  static void widen(std::byte* to, const std::byte* from, int count) {
    for (int i = 0; i < count; i += 64) {
      const __mmask64 mask = first_bytes(count - i);
      _mm512_mask_storeu_epi8(to + i, mask, flip(_mm512_maskz_loadu_epi8(mask, from + i)));
    }
  }
  static void fill(std::byte* to, int value, int count) {
    const Vector x = flip(_mm512_set1_epi8(static_cast<char>(value)));
    for (int i = 0; i < count; i += 64) _mm512_mask_storeu_epi8(to + i, first_bytes(count - i), x);
  }

  // In every 128 bits, the low or high halves of a and b in turns.
  template <int high> [[gnu::always_inline]] static Vector mixed8(Vector a, Vector b) {
    return high ? _mm512_unpackhi_epi8(a, b) : _mm512_unpacklo_epi8(a, b);
  }
  template <int high> [[gnu::always_inline]] static Vector mixed16(Vector a, Vector b) {
    return high ? _mm512_unpackhi_epi16(a, b) : _mm512_unpacklo_epi16(a, b);
  }

  template <int vectors>
  [[gnu::always_inline]] static void put(std::byte* out, const Vector (&y)[std::size_t{vectors}],
                                         int left, const Limits& limits) {
    const auto low = static_cast<char>(limits.low), high = static_cast<char>(limits.high);
    const __mmask64 mask = first_bytes(left);
    if constexpr (vectors == 4) {
      __m512i z =
          _mm512_packs_epi16(_mm512_packs_epi32(y[0], y[1]), _mm512_packs_epi32(y[2], y[3]));
      z = _mm512_min_epi8(_mm512_max_epi8(z, _mm512_set1_epi8(low)), _mm512_set1_epi8(high));
      _mm512_mask_storeu_epi8(out, mask, z);
    } else if constexpr (vectors == 2) {
      __m256i z = _mm512_maskz_cvtsepi16_epi8(0xffffffff, _mm512_packs_epi32(y[0], y[1]));
      z = _mm256_min_epi8(_mm256_max_epi8(z, _mm256_set1_epi8(low)), _mm256_set1_epi8(high));
      _mm256_mask_storeu_epi8(out, static_cast<__mmask32>(mask), z);
    } else {
      __m128i z = _mm512_maskz_cvtsepi32_epi8(0xffff, y[0]);
      z = _mm_min_epi8(_mm_max_epi8(z, _mm_set1_epi8(low)), _mm_set1_epi8(high));
      _mm_mask_storeu_epi8(out, static_cast<__mmask16>(mask), z);
    }
  }
};

}  // namespace graven::core::avx512vnni_isa

#endif
