// Eight int32 sums in a register, one per output channel, and what becomes of them.
//
// A table of output channels is written by ChannelTable for any number of lanes and read here. Its
// program says how much of the general requantization the channels of a layer need.
#pragma once

#if defined(__AVX2__)

#include "graven/isa/avx2/vector.hpp"
#include "graven/kernel/fold.hpp"
#include "graven/kernel/task.hpp"

namespace graven::core::avx2_isa {

// clipped: outputs never lie below the zero point (ReLU), so that rounding half away from zero is
// rounding half up, and both roundings are one. rounded: shifts to the right by at least one, and
// sums that leave room for the constants. general: anything.
enum Program { clipped, rounded, general };
inline constexpr int programs = 3;

// What is the same for all channels of a layer.
struct Limits {
  int zero, low, high;
};

// One vector of channels: int32 bias[n], multiplier[n], then by program
//   clipped   int64 addend[n], the even lanes before the odd ones; int32 shift - 1
//   rounded   int32 addend[n], unused[n]; shift
//   general   int32 left shift[n], unused[n]; right shift
// `offset` is what has been added to the inputs.
template <int lanes, int offset> struct ChannelTable {
  static constexpr int bytes = 5 * 4 * lanes;

  static constexpr bool shifts(const Channel& c) {
    return c.multiplier.multiplier == 0 || (c.multiplier.shift <= -1 && c.multiplier.shift >= -22);
  }
  static constexpr bool leaves_room(const Channel& c, int taps) {
    return taps < 1 << 15 && c.bias < 1 << 29 && c.bias > -(1 << 29);
  }
  // The program of a layer.
  static constexpr void choose(const GraphView& g, const Value& v, const Parameters& p,
                               Writer& to) {
    const int taps = v.weights.taps;
    const bool clips = range_of(v).low >= v.quant.zero_point;
    to.program = clips ? clipped : rounded;
    for (int o = 0; o < v.shape.channels; ++o) {
      const Channel c = fold(g, v, p, o);
      if (!shifts(c) || (!clips && !leaves_room(c, taps))) to.program = general;
    }
  }

  // Channel `o`; one that does not exist yields anything.
  static constexpr void put(const Writer& to, int lane, const GraphView& g, const Value& v,
                            const Parameters& p, int o, int program) {
    if (o >= v.shape.channels) return;
    const Channel c = fold(g, v, p, o);
    auto put_word = [&](int field, std::int32_t word) {
      to.ahead(4 * (field * lanes + lane)).put(word);
    };
    const int zero = v.quant.zero_point,
              shift = c.multiplier.multiplier != 0 ? c.multiplier.shift : 0;
    const int right = shift < 0 ? -shift : program == general ? 0 : 1;
    put_word(0, c.bias - offset * c.sum);
    put_word(1, c.multiplier.multiplier);
    put_word(4, program == clipped ? right - 1 : right);
    if (program == clipped) {
      const std::int64_t half = (std::int64_t{1} << 30) + (std::int64_t{1} << (30 + right));
      to.ahead(8 * lanes + 4 * lanes * (lane % 2) + 8 * (lane / 2))
          .put(half + zero * (std::int64_t{1} << (31 + right)));
    } else {
      put_word(2, program == general ? (shift > 0 ? shift : 0)
                                     : (1 << (right - 1)) + zero * (1 << right));
    }
  }
};

// (even lanes, odd lanes) of 64-bit products, their low or high halves, in order.
inline __m256i high_halves(__m256i even, __m256i odd) {
  return _mm256_blend_epi32(_mm256_srli_epi64(even, 32), odd, 0xaa);
}
inline __m256i halved_products(__m256i even, __m256i odd) {  // bits 31 to 62
  return _mm256_blend_epi32(_mm256_srli_epi64(even, 31), _mm256_add_epi64(odd, odd), 0xaa);
}

// high_multiply of quant.hpp; `odd`: the multipliers of the odd lanes.
inline __m256i high_multiply(__m256i x, __m256i multiplier, __m256i odd) {
  const __m256i half = _mm256_set1_epi64x(1 << 30);
  return halved_products(_mm256_add_epi64(_mm256_mul_epi32(x, multiplier), half),
                         _mm256_add_epi64(_mm256_mul_epi32(_mm256_srli_epi64(x, 32), odd), half));
}
// rounding_shift of quant.hpp.
inline __m256i rounding_shift(__m256i x, __m256i shift) {
  const __m256i one = _mm256_set1_epi32(1);
  const __m256i mask = _mm256_sub_epi32(_mm256_sllv_epi32(one, shift), one);
  const __m256i threshold = _mm256_sub_epi32(_mm256_srli_epi32(mask, 1), _mm256_srai_epi32(x, 31));
  return _mm256_sub_epi32(_mm256_srav_epi32(x, shift),
                          _mm256_cmpgt_epi32(_mm256_and_si256(x, mask), threshold));
}

// From sums to outputs, by a table's program.
template <int program> struct Scale {
  __m256i multiplier, odd, first, second, shift;

  [[gnu::always_inline]] Scale(const std::byte* table, const Limits& limits)
      : multiplier(load32(table + 32)), odd(_mm256_srli_epi64(multiplier, 32)),
        first(load32(table + 64)),
        second(program == general ? _mm256_set1_epi32(limits.zero) : load32(table + 96)),
        shift(load32(table + 128)) {}

  [[gnu::always_inline]] __m256i operator()(__m256i acc) const {
    if constexpr (program == clipped) {
      const __m256i even = _mm256_add_epi64(_mm256_mul_epi32(acc, multiplier), first);
      const __m256i others =
          _mm256_add_epi64(_mm256_mul_epi32(_mm256_srli_epi64(acc, 32), odd), second);
      return _mm256_srav_epi32(high_halves(even, others), shift);
    } else if constexpr (program == rounded) {
      const __m256i x = high_multiply(acc, multiplier, odd);
      return _mm256_srav_epi32(
          _mm256_add_epi32(_mm256_add_epi32(x, _mm256_srai_epi32(x, 31)), first), shift);
    } else {
      const __m256i x = high_multiply(_mm256_sllv_epi32(acc, first), multiplier, odd);
      return _mm256_add_epi32(rounding_shift(x, shift), second);
    }
  }
};

// int8 inputs as int16, two at a time (VPMADDWD): exact for any weights.
struct Words {
  static constexpr const char *conv = "avx2.conv", *depthwise = "avx2.depthwise";
  using Vector = __m256i;
  using Weight = std::int8_t;
  using Limits = avx2_isa::Limits;
  using Table = ChannelTable<8, 0>;
  template <int program> using Scale = avx2_isa::Scale<program>;
  static constexpr int lanes = 8, group = 2, element = 2;  // bytes of an input as it is multiplied
  static constexpr int weight_bytes = 16, out_element = 1;
  static constexpr int slack = 64;  // bytes written beyond what was asked
  static constexpr int header = 32;

  static constexpr const Weight* filter(const Parameters& p) { return p.filter.int8; }
  static constexpr void put_limits(const Value&, Writer) {}
  static Limits limits(const Task& t) { return {t.out_zero, t.low, t.high}; }
  static constexpr int widest(int width) { return width <= 2 ? 4 : 2; }  // block, in vectors

  // Pixels of a tile with `vectors` vectors of channels: what 16 registers hold.
  static constexpr int pixels(int vectors) { return vectors == 1 ? 8 : vectors == 2 ? 6 : 2; }
  // The channel of a lane in a block of `vectors`: the packs of `put` bring them in order.
  static constexpr int channel(int vectors, int vector, int lane) {
    return 4 * vectors * (lane / 4) + 4 * vector + lane % 4;
  }

  [[gnu::always_inline]] static Vector start(const std::byte* table) { return load32(table); }
  [[gnu::always_inline]] static Vector weights(const std::byte* from) { return widen16(from); }
  [[gnu::always_inline]] static Vector inputs(const std::byte* from) {
    return _mm256_set1_epi32(load<std::int32_t>(from));
  }
  [[gnu::always_inline]] static Vector add(Vector acc, Vector x, Vector w) {
    return _mm256_add_epi32(acc, _mm256_madd_epi16(x, w));
  }

  static void widen(std::byte* to, const std::byte* from, int count) {
    if (count < 16) return store32(to, _mm256_cvtepi8_epi16(load_part(from, count)));
    int i = 0;
    for (; i + 16 <= count; i += 16) store32(to + 2 * i, widen16(from + i));
    if (i < count) store32(to + 2 * (count - 16), widen16(from + count - 16));
  }
  static void fill(std::byte* to, int value, int count) {
    const __m256i x = _mm256_set1_epi16(static_cast<std::int16_t>(value));
    for (int i = 0; i < count; i += 16) store32(to + 2 * i, x);
  }

  // The outputs of one pixel, of which `left` exist.
  template <int vectors>
  [[gnu::always_inline]] static void put(std::byte* out, const Vector (&y)[std::size_t{vectors}],
                                         int left, const Limits& limits) {
    const auto low = static_cast<char>(limits.low), high = static_cast<char>(limits.high);
    if constexpr (vectors == 4) {
      __m256i z =
          _mm256_packs_epi16(_mm256_packs_epi32(y[0], y[1]), _mm256_packs_epi32(y[2], y[3]));
      z = _mm256_min_epi8(_mm256_max_epi8(z, _mm256_set1_epi8(low)), _mm256_set1_epi8(high));
      if (left >= 32) return store32(out, z);
      store_part(out, _mm256_castsi256_si128(z), left);
      if (left > 16) store_part(out + 16, _mm256_extracti128_si256(z, 1), left - 16);
    } else {
      const __m256i halves = _mm256_packs_epi32(y[0], y[vectors - 1]);
      __m128i z =
          _mm_packs_epi16(_mm256_castsi256_si128(halves), _mm256_extracti128_si256(halves, 1));
      if constexpr (vectors == 1) z = _mm_shuffle_epi32(z, 0b1000);
      z = _mm_min_epi8(_mm_max_epi8(z, _mm_set1_epi8(low)), _mm_set1_epi8(high));
      if (vectors == 1 && left >= 8) return store8(out, z);
      store_part(out, z, left);
    }
  }
};

}  // namespace graven::core::avx2_isa

#endif
