// Convolution, pointwise layers and Dense as one matmul: tiles of pixels times blocks of output
// channels, the sums in registers. `Lanes` is the arithmetic, `Windows` the way to the input.
//
// Stream: a header (int32 filter rows, row stride; what Lanes adds); then per block of 4, 2 or 1
// vectors of channels their tables and, per group of inputs and vector, the weights of all lanes.
#pragma once

#if defined(__AVX2__)

#include "graven/isa/avx2/lanes.hpp"
#include "graven/isa/avx2/windows.hpp"

#include <array>

// clang unrolls a loop whose body fills the registers, adds products to each other first, and then
// has to keep the sums in memory.
#if defined(__clang__)
#define GRAVEN_ROLLED _Pragma("clang loop unroll(disable)")
#else
#define GRAVEN_ROLLED
#endif

namespace graven::core::avx2_isa {

// What the tiles of a layer write.
template <class Lanes> struct Output {
  typename Lanes::Limits limits;
  int pixel;  // bytes
};

// `count` pixels from `x` on times one block; `left` channels of it exist.
template <class Lanes, int vectors, int count, int program>
[[gnu::noinline, gnu::flatten]] void tile(const Walk& walk, const std::byte* x,
                                          const std::byte* stream, std::byte* out, int left,
                                          const Output<Lanes>& output) {
  using Vector = typename Lanes::Vector;
  constexpr int table = Lanes::Table::bytes, weights = Lanes::weight_bytes;
  const auto limits = output.limits;
  const int step = walk.step, groups = walk.groups, pixel = output.pixel;
  Vector acc[std::size_t{count}][std::size_t{vectors}];
  unroll<vectors>([&](auto j) {
    const Vector initial = Lanes::start(stream + j * table);
    unroll<count>([&](auto p) { acc[p][j] = initial; });
  });
  const std::byte* w = stream + vectors * table;
  GRAVEN_ROLLED for (int ky = walk.rows; ky > 0; --ky, x += walk.pitch) {
    const std::byte* from = x;
    GRAVEN_ROLLED for (int k = groups; k > 0; --k, from += 4, w += vectors * weights) {
      Vector w_now[std::size_t{vectors}];
      unroll<vectors>([&](auto j) { w_now[j] = Lanes::weights(w + j * weights); });
      unroll<count>([&](auto p) {
        const Vector x_now = Lanes::inputs(from + p * step);
        unroll<vectors>([&](auto j) { acc[p][j] = Lanes::add(acc[p][j], x_now, w_now[j]); });
      });
    }
  }
  unroll<vectors>([&](auto j) {
    const typename Lanes::template Scale<program> finish(stream + j * table, limits);
    unroll<count>([&](auto p) { acc[p][j] = finish(acc[p][j]); });
  });
  unroll<count>(
      [&](auto p) { Lanes::template put<vectors>(out + p * pixel, acc[p], left, limits); });
}

// A row of pixels times one block, in tiles of nearly equal size.
template <class Lanes, int vectors, int program> struct Block {
  using Tile = void (*)(const Walk&, const std::byte*, const std::byte*, std::byte*, int,
                        const Output<Lanes>&);
  static constexpr int most = Lanes::pixels(vectors);

  template <int... i> static constexpr auto make_tiles(std::integer_sequence<int, i...>) {
    return std::array<Tile, std::size_t{most}>{&tile<Lanes, vectors, i + 1, program>...};
  }
  static constexpr auto tiles = make_tiles(std::make_integer_sequence<int, most>());

  static void run(const Walk& walk, const std::byte* stream, std::byte* out, int width, int left,
                  const Output<Lanes>& output) {
    const std::byte* x = walk.first;
    for (int parts = (width + most - 1) / most; parts > 0; --parts) {
      const int count = (width + parts - 1) / parts;
      tiles[static_cast<std::size_t>(count - 1)](walk, x, stream, out, left, output);
      x += count * walk.step;
      out += count * output.pixel;
      width -= count;
    }
  }
};

template <class Lanes, template <class> class Windows, int wide, int height> struct Conv {
  static constexpr int programs = avx2_isa::programs;
  static constexpr bool holds_weights = true;
  using Table = typename Lanes::Table;
  using Weight = typename Lanes::Weight;

  static constexpr int vectors_of(int channels) {
    return (channels + Lanes::lanes - 1) / Lanes::lanes;
  }
  static constexpr int block(int vectors_left) {
    return vectors_left >= 4 && wide >= 4 ? 4 : vectors_left >= 2 && wide >= 2 ? 2 : 1;
  }
  static constexpr int scratch(const GraphView& g, const Value& v) {
    return Windows<Lanes>::scratch(g, v, height);
  }
  static constexpr int groups(const GraphView& g, const Value& v) {  // of a piece
    return (Windows<Lanes>::piece(g, v) + Lanes::group - 1) / Lanes::group;
  }
  static constexpr int stream_size(const GraphView& g, const Value& v) {
    const int weights = Windows<Lanes>::pieces(v) * groups(g, v) * Lanes::weight_bytes;
    return Lanes::header + vectors_of(v.shape.channels) * (Table::bytes + weights);
  }

  // One channel's weights, `to` being its place in the first group; only the groups that are kept.
  static constexpr void pack_channel(const Weight* w, const FilterLayout& layout, int pieces,
                                     int piece, Writer to, int group_bytes) {
    constexpr int group = Lanes::group;
    const int groups = (piece + group - 1) / group, step = layout.tap_step;
    for (int row = 0; row < pieces; ++row, to.at += groups * group_bytes) {
      if (to.at >= to.until || to.at + groups * group_bytes <= to.from) continue;
      const Weight* const first = w + row * piece * step;
      if constexpr (std::is_same_v<Weight, std::int8_t>) {
        to.template spread<group>(first, piece, step, group_bytes);
      } else {
        static_assert(group == 1);
        int k = to.at < to.from ? (to.from - to.at) / group_bytes : 0;
        for (; k < piece && to.at + k * group_bytes < to.until; ++k)
          to.ahead(k * group_bytes).put(first[k * step]);
      }
    }
  }
  // The block that begins with channel `first`.
  static constexpr void pack_block(const GraphView& g, const Value& v, const Parameters& p,
                                   Writer& to, int first, int vectors) {
    const FilterLayout layout = v.weights;
    const int pieces = Windows<Lanes>::pieces(v), piece = Windows<Lanes>::piece(g, v);
    const int size = vectors * Lanes::weight_bytes;
    if (to.skips(vectors * Table::bytes + pieces * groups(g, v) * size)) return;
    Writer weights = to.ahead(vectors * Table::bytes);
    for (int j = 0; j < vectors; ++j, to.at += Table::bytes)
      for (int lane = 0; lane < Lanes::lanes;
           ++lane, weights.at += Lanes::weight_bytes / Lanes::lanes) {
        const int o = first + Lanes::channel(vectors, j, lane);
        if (o >= layout.outputs) continue;
        Table::put(to, lane, g, v, p, o, to.program);
        pack_channel(Lanes::filter(p) + layout.index(o, 0), layout, pieces, piece, weights, size);
      }
    to.at += pieces * groups(g, v) * size;
  }
  static constexpr void pack(const GraphView& g, const Value& v, const Parameters& p, Writer& to) {
    const int vectors = vectors_of(v.shape.channels);
    Table::choose(g, v, p, to);
    to.ahead(0).put(std::int32_t{v.filter.height});
    to.ahead(4).put(std::int32_t{v.stride.height});
    Lanes::put_limits(v, to.ahead(8));
    to.at += Lanes::header;
    for (int done = 0; done < vectors; done += block(vectors - done))
      pack_block(g, v, p, to, done * Lanes::lanes, block(vectors - done));
  }

  template <int vectors, int program>
  static void run_block(const Task& t, const Band& band, const Windows<Lanes>& windows,
                        const std::byte*& stream, int& first) {
    constexpr int size = Lanes::out_element;
    const Output<Lanes> output{Lanes::limits(t), t.out_channels * size};
    for (int r = 0; r < band.count; ++r)
      Block<Lanes, vectors, program>::run(windows.row(r), stream, band.out[r] + first * size,
                                          t.out_width, t.out_channels - first, output);
    const Walk walk = windows.row(0);
    stream += vectors * (Table::bytes + walk.rows * walk.groups * Lanes::weight_bytes);
    first += vectors * Lanes::lanes;
  }
  template <int program> static void run(const Task& task, const Band& band) {
    const Task t = task;
    const FilterRows rows{load_aligned<std::int32_t>(t.stream),
                          load_aligned<std::int32_t>(t.stream + 4)};
    const Windows<Lanes> windows(t, band, rows);
    const std::byte* stream = t.stream + Lanes::header;
    for (int first = 0; first < t.out_channels;) {
      const int vectors = block(vectors_of(t.out_channels - first));
      if (wide >= 4 && vectors == 4)
        run_block<wide >= 4 ? 4 : 1, program>(t, band, windows, stream, first);
      else if (wide >= 2 && vectors == 2)
        run_block<wide >= 2 ? 2 : 1, program>(t, band, windows, stream, first);
      else
        run_block<1, program>(t, band, windows, stream, first);
    }
  }
};

// Convolutions of the elements of `Lanes`.
template <class Lanes, class Element> struct Convs {
  static constexpr const char* name = Lanes::conv;
  static constexpr bool serves(const GraphView& g, int value) {
    const bool padded = g[value].dilation.width == 1;
    return makes<Element>(g, value, op::conv) && (padded || std::is_same_v<Element, std::int8_t>);
  }
  template <const auto& graph, int value> static constexpr auto kernel() {
    constexpr const Value& v = graph.values[value];
    constexpr int wide = Lanes::widest(v.shape.width);
    if constexpr (v.dilation.width == 1)
      return Conv<Lanes, PaddedRows, wide, band_of(graph.view(), value)>{};
    else
      return Conv<Lanes, Patches, wide, 1>{};
  }
};

}  // namespace graven::core::avx2_isa

#undef GRAVEN_ROLLED

#endif
