// Attention of int8: exact scores, exponentials from a table of octaves.
#pragma once

#include "graven/isa/scalar/attention.hpp"

#include <array>

namespace graven::core::scalar_isa {

// (2^15 - 1) * 2^(-i / 256): an int16, as instruction sets multiply it.
inline constexpr auto octave = [] {
  std::array<std::uint16_t, 256> table{};
  for (int i = 0; i < 256; ++i)
    table[static_cast<std::size_t>(i)] = static_cast<std::uint16_t>(
        floating_point::exp(-i * 0.693147180559945309 / 256) * 32767 + 0.5);
  return table;
}();

// Scores are sums of products less zero points. Their distance d from the largest is requantized to
// 1/256 of octaves, t; the exponential is octave[t % 256] >> t / 256, less the bits that a sum of
// so many might need. What they make of v is one float factor from the output. Stream: int32
// zero points of k and v; multiplier, shift; the least d whose exponential is 0, the bits; float
// ratio of the scales of v and the output.
struct AttentionInt8 {
  using Element = std::int8_t;
  static constexpr bool by_channel = true, pairs = false, pairs_remembered = false;
  static constexpr int stream_size = 28;
  std::int32_t zero_q, zero_k, zero_v, zero_out;
  Multiplier octaves;
  std::int32_t least, down;
  float ratio;

  static constexpr bool takes(const GraphView& g, const Value& v) {
    return v.inputs != 4 && sums_fit(g, v);
  }
  static constexpr int scratch(int moments, const AttentionOptions&, int) { return 4 * moments; }
  constexpr void arrange(Glance&, int, std::byte*) const {}
  // Of a score; and its step in 1/256 of octaves.
  static constexpr double unit_of(const GraphView& g, const Value& v) {
    return static_cast<double>(g.source(v, 0).quant.scale) *
           static_cast<double>(g.source(v, 1).quant.scale) *
           static_cast<double>(score_scale(v.options.get<AttentionOptions>()));
  }
  static constexpr double steps_of(const GraphView& g, const Value& v) {
    return unit_of(g, v) * (256 * 1.44269504088896341);
  }
  static constexpr void pack(const GraphView& g, const Value& v, Writer& to) {
    const Quant k = g.source(v, 1).quant, values = g.source(v, 2).quant;
    const double real = steps_of(g, v);
    int bits = 0;
    while ((most_moments(g, v) >> bits) > 256) ++bits;
    to.put<std::int32_t>(k.zero_point);
    to.put<std::int32_t>(values.zero_point);
    const Multiplier m = quantize_multiplier(real);
    to.put(m.multiplier);
    to.put<std::int32_t>(m.shift);
    const double far = 16 * 256 / (real > 0 ? real : 1);
    to.put(static_cast<std::int32_t>(far < 1e9 ? far + 1 : 1e9));
    to.put<std::int32_t>(bits);
    to.put(values.scale / v.quant.scale);
  }
  constexpr AttentionInt8(const Task& t, const std::byte* stream)
      : zero_q(t.in_zero), zero_k(load_aligned<std::int32_t>(stream)),
        zero_v(load_aligned<std::int32_t>(stream + 4)),
        zero_out(t.out_zero), octaves{load_aligned<std::int32_t>(stream + 8),
                                      load_aligned<std::int32_t>(stream + 12)},
        least(load_aligned<std::int32_t>(stream + 16)),
        down(load_aligned<std::int32_t>(stream + 20)), ratio(load_aligned<float>(stream + 24)) {}

  constexpr std::int32_t exponential(std::int32_t below) const {
    if (below >= least) return 0;
    const auto t = static_cast<std::uint32_t>(requantize(below, octaves));
    return octave[t % 256] >> ((t >> 8) + static_cast<std::uint32_t>(down));
  }
  constexpr std::int32_t score(const Glance& at, int j, int count) const {
    std::int32_t dot = 0;
    const std::byte* key = at.keys + j * at.stride;
    for (int c = 0; c < count; ++c)
      dot += (load<std::int8_t>(at.query + c) - zero_q) * (load<std::int8_t>(key + c) - zero_k);
    return dot;
  }
  constexpr void attend(const Glance& at, int count, std::byte* scores) const {
    std::int32_t most = (std::numeric_limits<std::int32_t>::min)(), sum = 0;
    for (int j = 0; j < at.seen; ++j) {
      const std::int32_t dot = score(at, j, count);
      store_aligned(scores + 4 * j, dot);
      if (dot > most) most = dot;
    }
    for (int j = 0; j < at.seen; ++j) {
      const std::int32_t e = exponential(most - load_aligned<std::int32_t>(scores + 4 * j));
      store_aligned(scores + 4 * j, e);
      sum += e;
    }
    put_values(at, count, scores, sum);
  }
  // By exponentials, which add up to `sum`.
  constexpr void put_values(const Glance& at, int count, const std::byte* shares,
                            std::int32_t sum) const {
    const float factor = ratio / static_cast<float>(sum);
    for (int c = 0; c < count; ++c) {
      std::int32_t acc = 0;
      const std::byte* value = at.values + c * at.channel;
      for (int j = 0; j < at.seen; ++j, value += at.moment)
        acc += load_aligned<std::int32_t>(shares + 4 * j) * (load<std::int8_t>(value) - zero_v);
      put(at.out + c, static_cast<float>(acc) * factor);
    }
  }
  constexpr void put(std::byte* out, float steps) const {
    const float most = 1024, y = steps < -most ? -most : steps > most ? most : steps;
    store(out, static_cast<std::int8_t>(clamp(detail::round_away(y) + zero_out, {-128, 127})));
  }
};

}  // namespace graven::core::scalar_isa
