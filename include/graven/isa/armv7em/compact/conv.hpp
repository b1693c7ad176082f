// Convolution of any shape by the same code: what depends on a layer is read from its task, and the
// loop over the taps is not unrolled for one length of them. For plan::lean.
#pragma once

#if defined(__ARM_FEATURE_SIMD32) && defined(__thumb2__)

#include "graven/isa/armv7em/compact/depthwise.hpp"
#include "graven/isa/armv7em/conv/conv.hpp"
#include "graven/isa/armv7em/dense/dense.hpp"

namespace graven::core::armv7em_isa {

// Packing chooses between pairs of outputs and single ones, as Conv's does.
template <RowKind rows> struct AnyConv {
  enum Program { pairs, singles };
  static constexpr bool planar = rows != RowKind::pixels;
  static constexpr int programs = 2, unroll = 2;
  static constexpr bool holds_weights = true;

  static constexpr int quads_of(int taps) {
    return (taps + 4 * unroll - 1) / (4 * unroll) * unroll;
  }
  // A tile of three pixels, behind it their patches as bytes.
  static constexpr int scratch(const GraphView& g, const Value& v) {
    return 36 * quads_of(g.window_size(v));
  }
  static constexpr int stream_size(const GraphView& g, const Value& v) {  // at most
    return PairStream(quads_of(g.window_size(v))).most_bytes(v.shape.channels);
  }
  static constexpr void pack(const GraphView& g, const Value& v, const Parameters& p, Writer& to) {
    const bool in_pairs = v.shape.channels >= 2 && fits_pairs(g, v, p);
    to.program = in_pairs ? pairs : singles;
    PairStream(quads_of(g.window_size(v))).pack(g, v, p, to, in_pairs);
  }

  // The taps of a pixel: copied, a row of the window at once where all of it exists, unless they
  // lie side by side in a row that has `size` bytes left.
  static const std::byte* gather(const Task& t, const Band& band, std::byte* to, int x, int size) {
    const std::byte* const patch = to;
    const int first = x * t.stride_width - t.left;
    const bool whole = t.dilation_width == 1 && first >= 0 && first + t.filter_width <= t.in_width;
    const int step = whole ? t.filter_width : 1, count = step * t.in_channels;
    for (int ky = 0; ky < t.rows; ++ky) {
      const std::byte* const row = band.rows[ky];
      int column = first;
      for (int kx = 0; kx < t.filter_width; kx += step, column += t.dilation_width) {
        if (row == nullptr || column < 0 || column >= t.in_width)
          to = fill(to, t.in_zero, count);
        else if (const int at = column * t.in_channels;
                 whole && t.rows == 1 && at + size <= t.in_width * t.in_channels)
          return row + at;
        else
          to = copy(to, row + at, count);
      }
    }
    return patch;
  }

  struct Tile {
    const std::byte* inputs;
    int pixels, quads;
    int pixel_step, channel_step;  // bytes from an output to the next
  };
  // The outputs from channel `o` on, one by one.
  [[gnu::noinline]] static void run_singles(const Task& t, const std::byte* stream, int o,
                                            const Tile& tile, std::byte* out) {
    for (; o < t.out_channels; ++o, stream += PairStream(tile.quads).single_bytes())
      for (int j = 0; j < tile.pixels; ++j) {
        const std::byte y = single_output(t, stream, tile.inputs + 4 * j, tile.pixels, tile.quads);
        out[j * tile.pixel_step + o * tile.channel_step] = planar ? y ^ std::byte{0x80} : y;
      }
  }
  template <int program>
  static void run_tile(const Task& t, const Tile& tile, const PairLoop& loop, std::byte* out) {
    constexpr Store store = planar ? Store::planar : Store::any;
    if constexpr (program == singles) return run_singles(t, t.stream, 0, tile, out);
    if (tile.pixels == 3)
      pairs3<unroll, store, false>(t.stream, tile.inputs, out, &loop);
    else
      pairs2<unroll, store, false>(t.stream, tile.inputs, out, &loop);
    if (t.out_channels % 2 != 0)
      run_singles(t, t.stream + PairStream(tile.quads).pairs_bytes(t.out_channels),
                  t.out_channels - 1, tile, out);
  }

  template <int program> static void run(const Task& task, const Band& band) {
    constexpr int front = rows == RowKind::padded ? 1 : 0;
    const Task t = task;
    const int width = t.out_width, pitch = width + front;
    Tile tile{band.scratch, 0, quads_of(t.rows * t.filter_width * t.in_channels),
              planar ? 1 : t.out_channels, planar ? pitch : 1};
    if (width == 1) tile.pixel_step = 0;  // a tile has two pixels at least: this one twice
    const PairLoop loop{planar ? pitch : tile.pixel_step, 2 * t.out_zero + (planar ? 257 : 1),
                        tile.quads / unroll};
    std::byte* out = band.out[0];
    for (int c = 0; front != 0 && c <= t.out_channels; ++c) out[c * pitch] = std::byte{0};
    out += front;
    const int size = 4 * tile.quads;
    std::byte* const patches = band.scratch + 6 * size;
    for (int x = 0; x < width; x += tile.pixels) {
      tile.pixels = width == 1 ? 2 : tile_pixels(width - x);
      const std::byte* from[3];
      for (int j = 0; j < tile.pixels; ++j)
        from[j] = gather(t, band, patches + j * size, width == 1 ? 0 : x + j, size);
      spread(band.scratch, from, tile.pixels, tile.quads);
      run_tile<program>(t, tile, loop, out);
      out += tile.pixels * tile.pixel_step;
    }
  }
};

// Networks of Dense layers alone.
struct LoneDenses {
  static constexpr const char* name = "armv7em.lone_dense";
  static constexpr bool serves(const GraphView& g, int value) {
    for (int i = 0; i < g.count; ++i)
      if (g[i].op == op::conv && (g[i].shape.width != 1 || g[i].filter.area() != 1)) return false;
    return makes<std::int8_t>(g, value, op::conv) && Dense<void>::in_place(g, g[value]);
  }
  template <const auto& graph, int value> static constexpr auto kernel() {
    return Dense<void, false>{};
  }
};

// In the rows that compact depthwise convolutions want.
struct AnyConvs {
  static constexpr const char* name = "armv7em.any_conv";
  static constexpr bool serves(const GraphView& g, int value) {
    return makes<std::int8_t>(g, value, op::conv);
  }
  template <const auto& graph, int value> static constexpr auto kernel() {
    return AnyConv<compact_rows(graph.view(), value)>{};
  }
};

}  // namespace graven::core::armv7em_isa

#endif
