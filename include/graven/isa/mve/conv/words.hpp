// Convolutions and Dense of int16 with int8 weights: eight products per instruction into sums of 32
// bits, where these hold every sum; four outputs share each load of the inputs, two pixels each of
// the weights.
#pragma once

#if defined(__ARM_FEATURE_MVE)

#include "graven/isa/armv7em/conv/words.hpp"
#include "graven/isa/mve/conv/conv.hpp"
#include "graven/isa/mve/conv/word_tiles.hpp"

#include <arm_mve.h>

namespace graven::core::mve_isa {

using armv7em_isa::fits_words;
using armv7em_isa::WordChannel;
using scalar_isa::Int16x8;

// Four outputs of one pixel. Weights: per eight inputs those of each.
struct FourWords {
  static constexpr int header = 32;  // int32 bias of each, then its factor

  // The sums of their products. `wide`: inputs are int8 and weights int16, instead.
  template <bool wide = false>
  [[gnu::always_inline]] static int32x4_t sums(const std::byte* inputs, const std::byte* weights,
                                               int eights) {
    std::int32_t a = 0, b = 0, c = 0, d = 0;
    int32x4_t all;
    asm volatile(R"(
      .macro weights q
      .if %c[wide]
      vldrh.16 \q, [%[w]], #16
      .else
      vldrb.s16 \q, [%[w]], #8
      .endif
      .endm
      dls lr, %[eights]
    1:
      .if %c[wide]
      vldrb.s16 q0, [%[x]], #8
      .else
      vldrb.8 q0, [%[x]], #16
      .endif
      weights q1
      weights q2
      vmladava.s16 %[a], q0, q1
      weights q1
      vmladava.s16 %[b], q0, q2
      weights q2
      vmladava.s16 %[c], q0, q1
      vmladava.s16 %[d], q0, q2
      le lr, 1b
      vmov %q[all][2], %q[all][0], %[a], %[c]
      vmov %q[all][3], %q[all][1], %[b], %[d]
      .purgem weights
    )"
                 : [x] "+l"(inputs), [w] "+l"(weights), [a] "+Te"(a), [b] "+Te"(b), [c] "+Te"(c),
                   [d] "+Te"(d), [all] "=w"(all)
                 : [eights] "r"(eights), [wide] "i"(wide)
                 : "q0", "q1", "q2", "lr", "cc", "memory");
    return all;
  }

  // Outputs of which `left` are left, of whole sums.
  static void finish(std::byte* out, int32x4_t sums, const std::byte* factors, const Task& t,
                     int left) {
    put_four<std::int16_t>(out, vrmulhq_s32(sums, words_at(factors)), {t.low, t.high}, left);
  }
  static constexpr void put_header(const GraphView& g, const Value& v, const Parameters& p,
                                   int first, Writer& to) {
    put_biases(g, v, p, first, to);
    put_factors(g, v, p, first, to);
  }
  static constexpr WordChannel channel(const GraphView& g, const Value& v, const Parameters& p,
                                       int o) {
    return o < v.shape.channels ? WordChannel(g, v, p, o) : WordChannel();
  }
  static constexpr void put_biases(const GraphView& g, const Value& v, const Parameters& p,
                                   int first, Writer& to) {
    for (int o = first; o < first + 4; ++o) to.put(channel(g, v, p, o).bias);
  }
  static constexpr void put_factors(const GraphView& g, const Value& v, const Parameters& p,
                                    int first, Writer& to) {
    for (int o = first; o < first + 4; ++o) to.put(channel(g, v, p, o).factor);
  }
  static constexpr void put_weights(const Value& v, const Parameters& p, int first, int from,
                                    int length, Writer& to) {
    for (int k = 0; k < length; k += 8)
      for (int o = first; o < first + 4; ++o)
        for (int i = k; i < k + 8; ++i)
          to.put(o < v.shape.channels && i < length ? p.filter.int8[v.weights.index(o, from + i)]
                                                    : std::int8_t{0});
  }
};
constexpr int eights_of(int count) { return (count + 7) / 8; }

// Outputs that are no eight of one pixel go by way of sixteen bytes on the stack.
template <TileShape tile, bool whole, bool clamps> struct WordTiles {
  static constexpr int group = word_group_bytes(tile);

  const std::byte* stream;
  const Piece* pieces;
  WordJob two, one, one_left;

  WordTiles(const Task& t, const Piece* list)
      : stream(t.stream), pieces(list), two{2 * t.out_channels, 2 * t.out_channels, t.low, t.high},
        one{group, 2 * (t.out_channels & ~7), t.low, t.high}, one_left{(t.out_channels & 7) > 4
                                                                           ? group
                                                                           : 0,
                                                                       16, t.low, t.high} {}

  void pair(std::byte* out, int) const {
    two_word_pixels<tile, whole, clamps>(stream, pieces, out, &two);
  }
  void single(std::byte* out, int channels) const {
    if (one.bytes > 0) one_word_pixel<tile, clamps>(stream, pieces, out, &one);
    const int left = 2 * channels - one.bytes;
    if (left == 0) return;
    alignas(4) std::byte last[16];  // VSTRH of words faults at odd addresses
    one_word_pixel<tile, clamps>(stream + one.bytes / 8 * group, pieces, last, &one_left);
    mve_isa::copy(out + one.bytes, last, left);
  }
};

template <Inputs in, bool whole, bool clamps> struct WordConv : scalar_isa::Conv<Int16x8> {
  using General = scalar_isa::Conv<Int16x8>;
  static constexpr int programs = 2;
  static constexpr TileShape tile = in.tile;
  using Tiles = WordTiles<tile, whole, clamps>;

  static constexpr int scratch(const GraphView& g, const Value& v) {
    const int general = General::scratch(g, v);
    return general > Finder<in>::scratch ? general : Finder<in>::scratch;
  }
  static constexpr int stream_size(const GraphView& g, const Value& v) {
    const int general = General::stream_size(g, v),
              mine = (v.shape.channels + 3) / 4 * Tiles::group;
    return general > mine ? general : mine;
  }
  static constexpr void pack(const GraphView& g, const Value& v, const Parameters& p, Writer& to) {
    if (!fits_words(g, v, p)) return General::pack(g, v, p, to);
    to.program = 1;
    for (int o = 0; o < v.shape.channels; o += 4)
      if (!to.skips(Tiles::group)) put_group(g, v, p, o, to);
  }
  static constexpr void put_group(const GraphView& g, const Value& v, const Parameters& p,
                                  int first, Writer& to) {
    if (tile.looped()) FourWords::put_biases(g, v, p, first, to);
    const FilterWeights weight{v.weights, p.filter.int8};
    for (int piece = 0, from = 0; piece < tile.pieces; ++piece)
      for (int b = 0; b < tile.blocks(); ++b) {
        const int count = (b < tile.full ? 16 : tile.tail) / 2;
        for (int o = first; o < first + 4; ++o) put_weights<false>(to, weight, o, from, count);
        from += count;
      }
    if (!tile.looped()) FourWords::put_biases(g, v, p, first, to);
    FourWords::put_factors(g, v, p, first, to);
  }

  template <int program> static void run(const Task& task, const Band& band) {
    if constexpr (program == 0) {
      General::run(task, band);
    } else {
      Task t = task;
      t.in_channels = static_cast<std::uint16_t>(2 * t.in_channels);  // in bytes
      const Finder<in> inputs(t, band);
      run_tiles(t, inputs, Tiles(t, inputs.list), band.out[0], 2 * t.out_channels);
    }
  }
};

struct WordConvs {
  static constexpr const char* name = "mve.int16";
  static constexpr bool serves(const GraphView& g, int value) {
    return scalar_isa::computes<Int16x8>(g, value, op::conv) &&
           2 * g.input(g[value]).shape.channels <= 65535;
  }
  template <const auto& graph, int value> static constexpr auto kernel() {
    constexpr const Value& v = graph.values[value];
    return WordConv<inputs_of(graph.view(), v), v.shape.channels % 4 == 0, !whole_range(v)>{};
  }
};

// Over several rows, as running sums in scratch, behind which lies a row that is no whole eights,
// filled up. Stream: per four outputs FourWords' header; then row by row their weights.
struct WordDense : scalar_isa::DenseRows<Int16x8> {
  using General = scalar_isa::DenseRows<Int16x8>;
  static constexpr const char* name = "mve.int16_dense";
  static constexpr int programs = 2;

  static constexpr bool serves(const GraphView& g, int value) {
    return scalar_isa::computes<Int16x8>(g, value, op::dense);
  }
  static constexpr int fours(int channels) { return (channels + 3) / 4; }
  static constexpr int scratch(const GraphView& g, const Value& v) {
    const int mine = 16 * (fours(v.shape.channels) + eights_of(g.input(v).shape.row()));
    const int general = General::scratch(g, v);
    return general > mine ? general : mine;
  }
  static constexpr int stream_size(const GraphView& g, const Value& v) {
    const Shape in = g.input(v).shape;
    const int general = General::stream_size(g, v),
              mine = fours(v.shape.channels) *
                     (FourWords::header + 32 * eights_of(in.row()) * in.height);
    return general > mine ? general : mine;
  }
  static constexpr void pack(const GraphView& g, const Value& v, const Parameters& p, Writer& to) {
    if (!fits_words(g, v, p)) return General::pack(g, v, p, to);
    to.program = 1;
    const Shape in = g.input(v).shape;
    for (int o = 0; o < v.shape.channels; o += 4) FourWords::put_header(g, v, p, o, to);
    for (int r = 0; r < in.height; ++r)
      for (int o = 0; o < v.shape.channels; o += 4)
        if (!to.skips(32 * eights_of(in.row())))
          FourWords::put_weights(v, p, o, r * in.row(), in.row(), to);
  }

  template <int program> static void run(const Task& task, const Band& band) {
    if constexpr (program == 0)
      General::run(task, band);
    else
      run_row(task, band);
  }
  static void run_row(const Task& task, const Band& band) {
    const Task t = task;
    const int row = t.in_width * t.in_channels, eights = eights_of(row);
    const int groups = fours(t.out_channels);
    std::byte *sum = band.scratch, *out = band.out[0], *filled = sum + 16 * groups;
    const bool whole = row % 8 == 0;
    if (!whole) copy(filled, band.rows[0], 2 * row);
    const std::byte* inputs = whole ? band.rows[0] : filled;
    const std::byte* header = t.stream;
    const std::byte* w = header + groups * (FourWords::header + band.step * 32 * eights);
    for (int left = t.out_channels; left > 0; left -= 4) {
      const int32x4_t made = FourWords::sums(inputs, w, eights);
      const int32x4_t sums = vaddq_s32(made, words_at(band.first ? header : sum));
      if (band.last)
        FourWords::finish(out, sums, header + 16, t, left);
      else
        vstrwq_s32(reinterpret_cast<std::int32_t*>(sum), sums);
      header += FourWords::header;
      w += 32 * eights;
      sum += 16;
      out += 8;
    }
  }
};
}  // namespace graven::core::mve_isa

#endif
