// Dense of int16 with int8 weights over several rows, as running sums of 32 bits in scratch.
#pragma once

#if defined(__ARM_FEATURE_SIMD32) && defined(__thumb2__)

#include "graven/isa/armv7em/conv/words.hpp"

namespace graven::core::armv7em_isa {

// Stream: int32 bias and factor of each output, filled up to four; then row by row, per four
// outputs and four inputs a word of weights of each: w0, w2, w1, w3.
template <int quads, int unroll> struct WordDense : scalar_isa::DenseRows<Int16x8> {
  using General = scalar_isa::DenseRows<Int16x8>;
  static constexpr int programs = 2, record = 8;

  static constexpr int rounded(int channels) { return (channels + 3) & ~3; }
  // The sums, then the row, filled up with zeros.
  static constexpr int scratch(const GraphView& g, const Value& v) {
    const int mine = 4 * rounded(v.shape.channels) + 8 * quads, general = General::scratch(g, v);
    return mine > general ? mine : general;
  }
  static constexpr int stream_size(const GraphView& g, const Value& v) {
    const int general = General::stream_size(g, v),
              mine = rounded(v.shape.channels) * (record + 4 * quads * g.input(v).shape.height);
    return general > mine ? general : mine;
  }
  static constexpr void pack(const GraphView& g, const Value& v, const Parameters& p, Writer& to) {
    if (!fits_words(g, v, p)) return General::pack(g, v, p, to);
    to.program = 1;
    const Shape in = g.input(v).shape;
    const int count = v.shape.channels;
    for (int o = 0; o < rounded(count); ++o) {
      const WordChannel c = o < count ? WordChannel(g, v, p, o) : WordChannel();
      to.put(c.bias);
      to.put(c.factor);
    }
    for (int r = 0; r < in.height; ++r)
      for (int first = 0; first < count; first += 4) {
        if (to.skips(16 * quads)) continue;
        for (int k = 0; k < 4 * quads; k += 4)
          for (int o = first; o < first + 4; ++o)
            for (const int i : {0, 2, 1, 3})
              to.put(o < count && k + i < in.row()
                         ? p.filter.int8[v.weights.index(o, r * in.row() + k + i)]
                         : std::int8_t{0});
      }
  }

  template <int program> static void run(const Task& task, const Band& band) {
    if constexpr (program == 0)
      General::run(task, band);
    else
      run_row(task, band);
  }
  static void run_row(const Task& task, const Band& band) {
    const Task t = task;
    const int count = t.out_channels, row = 2 * t.in_width * t.in_channels;
    std::byte *sum = band.scratch, *inputs = sum + 4 * rounded(count);
    ByteCopies<true>::fill(ByteCopies<true>::copy(inputs, band.rows[0], row), 0, 8 * quads - row);
    const std::byte* w =
        t.stream + rounded(count) * record + band.step * rounded(count) * 4 * quads;
    for (int first = 0; first < count; first += 4, w += 16 * quads, sum += 16) {
      std::int32_t sums[6];
      word_sums<1, unroll>(w, inputs, quads / unroll, sums);
      for (int i = 0; i < 4; ++i) {
        const std::byte* before = band.first ? t.stream + record * (first + i) : sum + 4 * i;
        store_aligned(sum + 4 * i, sums[i] + load_aligned<std::int32_t>(before));
      }
    }
    if (!band.last) return;
    const Clamp range{t.low, t.high};
    for (int o = 0; o < count; ++o) {
      const auto factor = load_aligned<std::int32_t>(t.stream + record * o + 4);
      const auto all = load_aligned<std::int32_t>(band.scratch + 4 * o);
      store(band.out[0] + 2 * o, static_cast<std::int16_t>(clamp(smmulr(all, factor), range)));
    }
  }
};

struct WordDenses {
  static constexpr const char* name = "armv7em.int16_dense";
  static constexpr bool serves(const GraphView& g, int value) {
    return scalar_isa::computes<Int16x8>(g, value, op::dense);
  }
  template <const auto& graph, int value> static constexpr auto kernel() {
    constexpr int quads = round4(graph.view().input(graph.values[value]).shape.row()) / 4;
    return WordDense<quads, (quads % 4 == 0 ? 4 : quads % 2 == 0 ? 2 : 1)>{};
  }
};

}  // namespace graven::core::armv7em_isa

#endif
