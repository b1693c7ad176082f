// int16 without weights, four elements at a time: sums and products, of which one operand may be
// broadcast, and functions by tables with interpolation.
#pragma once

#if defined(__ARM_FEATURE_MVE)

#include "graven/isa/mve/reals.hpp"
#include "graven/isa/scalar/words.hpp"
#include "graven/layers/sigmoid.hpp"
#include "graven/layers/tanh.hpp"

#include <arm_mve.h>

namespace graven::core::mve_isa {

// Stream: both zero points; for a sum multiplier and shift of each operand; those of the result.
template <class Combine> struct WordPair {
  static constexpr bool product = std::is_same_v<Combine, scalar_isa::Product>;
  static constexpr int bytes = product ? 16 : 32, size = 2;
  std::int32_t zeros[2];
  Multiplier terms[2], result;
  std::int32_t zero;
  Clamp range;

  static constexpr void pack(const GraphView& g, const Value& v, Writer& to) {
    for (int k = 0; k < 2; ++k) to.put<std::int32_t>(g.source(v, k).quant.zero_point);
    if constexpr (product) {
      put_multiplier(to, scalar_isa::MulQuantized<std::int16_t>::multiplier(g, v));
    } else {
      const AddMultipliers m = scalar_isa::AddInt16::multipliers(g, v);
      for (int k = 0; k < 2; ++k) put_multiplier(to, m.inputs[k]);
      put_multiplier(to, m.sum);
    }
  }
  WordPair(const Task& t, Reader& from)
      : zeros{from.next<std::int32_t>(), from.next<std::int32_t>()},
        zero(t.out_zero), range{t.low, t.high} {
    for (Multiplier& term : terms)
      if (!product) term = next_multiplier(from);
    result = next_multiplier(from);
  }

  static int32x4_t rescaled(int32x4_t x, Multiplier m) {
    return requantize(x, vdupq_n_s32(m.multiplier), vdupq_n_s32(m.shift));
  }
  int32x4_t term(int32x4_t x, int k) const {
    x = vsubq_n_s32(x, zeros[k]);
    return product ? x : rescaled(vshlq_n_s32(x, 15), terms[k]);
  }
  static int32x4_t combined(int32x4_t x, int32x4_t y) {
    if constexpr (product)
      return vmulq_s32(x, y);
    else
      return std::is_same_v<Combine, scalar_isa::Sum> ? vaddq_s32(x, y) : vsubq_s32(x, y);
  }
  template <bool each_a, bool each_b>
  void run(const std::byte* a, const std::byte* b, std::byte* out, int count) const {
    int32x4_t x = term(vdupq_n_s32(load<std::int16_t>(a)), 0);
    int32x4_t y = term(vdupq_n_s32(load<std::int16_t>(b)), 1);
    for (; count > 0; count -= 4, out += 8) {
      const mve_pred16_t some = some_of(count);
      if constexpr (each_a) {
        x = term(four_integers<std::int16_t>(a, some), 0);
        a += 8;
      }
      if constexpr (each_b) {
        y = term(four_integers<std::int16_t>(b, some), 1);
        b += 8;
      }
      const int32x4_t z = rescaled(combined(x, y), result);
      put_four<std::int16_t>(out, vaddq_n_s32(z, zero), range, count);
    }
  }
};
template <const Op& made, class Combine> struct WordPairs {
  static constexpr auto text = scalar_isa::joined_name<made>("mve.int16_");
  static constexpr const char* name = text.data();
  static constexpr bool serves(const GraphView& g, int value) {
    return makes<std::int16_t>(g, value, made) && g[value].inputs == 2;
  }
  template <const auto& graph, int value> static constexpr auto kernel() {
    return in_runs<WordPair<Combine>, graph, value>();
  }
};

// fixed_point::logistic16 and tanh16 of scaled inputs.
template <class F> struct Sigmoids : scalar_isa::MapWord<F::wide> {
  static constexpr bool tanh = std::is_same_v<F, Tanh>;
  static constexpr const char* name = tanh ? "mve.int16_tanh" : "mve.int16_sigmoid";
  static constexpr bool serves(const GraphView& g, int value) {
    return makes<std::int16_t>(g, value, op::map) && is_same(g[value].function.wide, F::wide);
  }
  static int32x4_t at(int32x4_t x) {
    constexpr int bits = tanh ? 8 : 9;
    const std::uint16_t* const table = fixed_point::logistic_table;
    const int32x4_t sign = vshrq_n_s32(x, 31), size = vsubq_s32(veorq_s32(x, sign), sign);
    // as if unsigned: the size of -2^31 is 2^31
    const uint32x4_t entry = vshrq_n_u32(vreinterpretq_u32_s32(size), bits);
    const uint32x4_t place = vminq_u32(entry, vdupq_n_u32(254));
    const auto get = [&](uint32x4_t from) {
      return vreinterpretq_s32_u32(vldrhq_gather_shifted_offset_u32(table, from));
    };
    const int32x4_t here = get(place), next = get(vaddq_n_u32(place, 1));
    const int32x4_t part = vandq_s32(size, vdupq_n_s32((1 << bits) - 1));
    int32x4_t y = vaddq_s32(vshlq_n_s32(here, bits), vmulq_s32(part, vsubq_s32(next, here)));
    const int32x4_t most = vdupq_n_s32(tanh ? 0xffff << 8 : 0x7fff << 10);
    y = vpselq_s32(most, y, vcmpcsq_n_u32(entry, 255));
    if constexpr (tanh) y = vsubq_n_s32(y, 1 << 23);
    y = vaddq_n_s32(veorq_s32(y, sign), tanh ? 128 : 512);
    if constexpr (tanh) return vshrq_n_s32(y, 8);
    return vshrq_n_s32(vaddq_s32(y, vandq_s32(sign, vdupq_n_s32(1 << 25))), 10);
  }
  static void run(const Task& task, const Band& band) {
    const auto multiplier = load_aligned<std::int32_t>(task.stream);
    const auto shift = load_aligned<std::int32_t>(task.stream + 4);
    const int half = shift > 0 ? 1 << (shift - 1) : 0;
    const int32x4_t down = vdupq_n_s32(-shift);
    const std::byte* in = band.rows[0];
    std::byte* out = band.out[0];
    for (int left = task.out_width * task.out_channels; left > 0; left -= 4, in += 8, out += 8) {
      const int32x4_t q = four_integers<std::int16_t>(in, some_of(left));
      const int32x4_t x = vshlq_s32(vaddq_n_s32(vmulq_n_s32(q, multiplier), half), down);
      put_four<std::int16_t>(out, at(x), {-32768, 32767}, left);
    }
  }
};

struct TabledWords : scalar_isa::TabledWords {
  static constexpr const char* name = "mve.tabled_words";
  static void run(const Task& task, const Band& band) {
    const auto* const table = reinterpret_cast<const std::int16_t*>(task.stream);
    const std::byte* in = band.rows[0];
    std::byte* out = band.out[0];
    for (int left = task.out_width * task.out_channels; left > 0; left -= 4, in += 8, out += 8) {
      const int32x4_t q = four_integers<std::int16_t>(in, some_of(left));
      const auto place = vreinterpretq_u32_s32(vaddq_n_s32(vshrq_n_s32(q, 7), 256));
      const int32x4_t here = vldrhq_gather_shifted_offset_s32(table, place);
      const int32x4_t next = vldrhq_gather_shifted_offset_s32(table, vaddq_n_u32(place, 1));
      const int32x4_t part = vandq_s32(q, vdupq_n_s32(0x7f));
      const int32x4_t more = vaddq_n_s32(vmulq_s32(vsubq_s32(next, here), part), 64);
      put_four<std::int16_t>(out, vaddq_s32(here, vshrq_n_s32(more, 7)), {-32768, 32767}, left);
    }
  }
};
using WordMaps =
    Prefer<WordPairs<op::add, scalar_isa::Sum>, WordPairs<op::sub, scalar_isa::Difference>,
           WordPairs<op::mul, scalar_isa::Product>, Sigmoids<Sigmoid>, Sigmoids<Tanh>, TabledWords>;

}  // namespace graven::core::mve_isa

#endif
