// Eight int32 sums in a register; int8 inputs made unsigned by adding 128, four at a time
// (VPDPBUSD). What the 128 adds to the sums is taken from the biases by the packing. The
// instruction's two encodings compute the same: that of AVX-512 serves where AVX-VNNI is not.
#pragma once

#if defined(__AVXVNNI__) || (defined(__AVX512VNNI__) && defined(__AVX512VL__))

#include "graven/isa/avx2/depthwise.hpp"
#include "graven/isa/avx2/lanes.hpp"

namespace graven::core::avxvnni_isa {

struct Bytes : avx2_isa::Words {
  static constexpr const char *conv = "avxvnni.conv", *depthwise = "avxvnni.depthwise";
  using Table = avx2_isa::ChannelTable<8, 128>;
  static constexpr int group = 4, element = 1, weight_bytes = 32;

  [[gnu::always_inline]] static Vector loaded(const std::byte* from) {
    return avx2_isa::load32(from);
  }
  [[gnu::always_inline]] static Vector weights(const std::byte* from) { return loaded(from); }
  [[gnu::always_inline]] static Vector add(Vector acc, Vector x, Vector w) {
#if defined(__AVXVNNI__)
    return _mm256_dpbusd_avx_epi32(acc, x, w);
#else
    return _mm256_dpbusd_epi32(acc, x, w);
#endif
  }
  [[gnu::always_inline]] static Vector flip(Vector x) {  // x + 128
    return _mm256_xor_si256(x, _mm256_set1_epi8(-128));
  }
  [[gnu::always_inline]] static __m128i flip(__m128i x) {
    return _mm_xor_si128(x, _mm_set1_epi8(-128));
  }

  static void widen(std::byte* to, const std::byte* from, int count) {
    using namespace avx2_isa;
    if (count < 16) return store16(to, flip(load_part(from, count)));
    int i = 0;
    for (; i + 32 <= count; i += 32) store32(to + i, flip(load32(from + i)));
    if (i + 16 <= count) store16(to + i, flip(load16(from + i)));
    if (i < count) store16(to + count - 16, flip(load16(from + count - 16)));
  }
  static void fill(std::byte* to, int value, int count) {
    const Vector x = flip(_mm256_set1_epi8(static_cast<char>(value)));
    for (int i = 0; i < count; i += 32) avx2_isa::store32(to + i, x);
  }

  // In every 128 bits, the low or high halves of a and b in turns.
  template <int high> [[gnu::always_inline]] static Vector mixed8(Vector a, Vector b) {
    return high ? _mm256_unpackhi_epi8(a, b) : _mm256_unpacklo_epi8(a, b);
  }
  template <int high> [[gnu::always_inline]] static Vector mixed16(Vector a, Vector b) {
    return high ? _mm256_unpackhi_epi16(a, b) : _mm256_unpacklo_epi16(a, b);
  }
};

// Depthwise: four vectors of sums; taps in fours. `Lanes` of 8 or 16 sums.
template <class Lanes> struct TapQuads : Lanes {
  using Vector = typename Lanes::Vector;
  static constexpr int vectors = 4, outputs = vectors * Lanes::lanes;

  [[gnu::always_inline]] static Vector tap(const std::byte* input, const std::byte* offset) {
    return Lanes::flip(Lanes::loaded(input + load_aligned<std::int32_t>(offset)));
  }
  [[gnu::always_inline]] static void add(Vector (&acc)[vectors], const std::byte* input,
                                         const std::byte* offsets, const std::byte* weights) {
    const Vector a = tap(input, offsets), b = tap(input, offsets + 4);
    const Vector c = tap(input, offsets + 8), d = tap(input, offsets + 12);
    avx2_isa::unroll<vectors>([&](auto j) {
      const Vector ab = Lanes::template mixed8<j / 2>(a, b);
      const Vector cd = Lanes::template mixed8<j / 2>(c, d);
      acc[j] = Lanes::add(acc[j], Lanes::template mixed16<j % 2>(ab, cd),
                          Lanes::loaded(weights + j * Lanes::weight_bytes));
    });
  }
};

}  // namespace graven::core::avxvnni_isa

#endif
