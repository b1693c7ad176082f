// Convolution and Dense as a matmul over tiles of three, two or one pixels.
#pragma once

#include "graven/isa/scalar/conv.hpp"
#include "graven/isa/shared/few_outputs.hpp"
#include "graven/isa/shared/thumb/tiles.hpp"
#include "graven/layers/conv2d.hpp"

namespace graven::core::thumb_isa {

// What a matmul needs of its layer. Read by the assembler of the cores.
struct MatmulStep {
  std::int32_t pixel_step;  // bytes from an output pixel to the next
  std::int32_t twice_zero;  // 2 * zero_point + 1
  std::int32_t chunks;
};

// How many chunks an inner loop takes at once: a divisor, so that there is no tail.
constexpr int unroll_of(int chunks) { return chunks % 4 == 0 ? 4 : chunks % 2 == 0 ? 2 : 1; }

// The more pixels a tile has, the less often weights are unpacked; but tiles are memory.
template <class Core> constexpr int most_pixels_of(int chunks) {
  const int fit = 4096 / (chunk_bytes * chunks);
  return fit < 1 ? 1 : fit < Core::most_pixels ? fit : Core::most_pixels;
}
// The next tile of `left` pixels: no single pixel is left over where tiles have three or more.
constexpr int tile_pixels(int left, int most) {
  return left <= most ? left : left == most + 1 && most > 2 ? most - 1 : most;
}
// The tiles that a row of `width` pixels needs: bit n for n pixels.
constexpr int tile_sizes(int width, int most) {
  int sizes = 0;
  for (int left = width; left > 0; left -= tile_pixels(left, most))
    sizes |= 1 << tile_pixels(left, most);
  return sizes;
}

// Stream, per output: its word, a word per chunk, the Core's tail, corrections.
template <class Core, Reading reading, int unroll, int sizes, int few> struct Conv {
  using General = scalar_isa::Conv<scalar_isa::Int8>;
  using Gather = Tiles<Core, reading, few>;
  static constexpr int programs = 3;
  static constexpr bool holds_weights = true;
  static constexpr int most_pixels = std::bit_width(static_cast<unsigned>(sizes)) - 1;

  static constexpr int tile_bytes(int chunks) { return most_pixels * chunk_bytes * chunks; }
  static constexpr int scratch(const GraphView& g, const Value& v) {
    const int tile = tile_bytes(chunks_of(g.window_size(v))) + Gather::extra(g, v, most_pixels);
    return tile > General::scratch(g, v) ? tile : General::scratch(g, v);
  }
  static constexpr int stream_size(const GraphView& g, const Value& v) {  // at most
    const int own =
        v.shape.channels * (4 + Core::tail_bytes + 12 * chunks_of(g.window_size(v))) + 4;
    return own > General::stream_size(g, v) ? own : General::stream_size(g, v);
  }

  static constexpr int note(const GraphView&, const Value& v, const Parameters& p, int o) {
    const Corrections count = put_weights(nullptr, v.weights, p, o);
    return v.weights.taps < 1 << 16 ? count.note() : 0xffff;
  }
  static constexpr void pack(const GraphView& g, const Value& v, const Parameters& p, Writer& to) {
    const FilterLayout layout = v.weights;
    to.program = program_of<Core>(g, v, p);
    if (to.program == general) return General::pack(g, v, p, to);
    for (int o = 0; o < layout.outputs; ++o) {
      const Channel channel = fold(g, v, p, o);
      const Corrections corrections = Corrections::of(channel);
      const int words = 1 + chunks_of(layout.taps) + corrections.first + corrections.second;
      if (to.skips(4 * words + Core::tail_bytes)) continue;
      to.put(channel_word(channel));
      put_weights(&to, layout, p, o);
      Core::put_tail(to, channel.multiplier, corrections.packed());
      if (corrections.packed() != 0) put_corrections(to, layout, p, o);
    }
    to.put(end_of_stream);
  }

  template <int program> static void run(const Task& task, const Band& band) {
    if constexpr (program == general) {
      General::run(task, band);
    } else {
      const Task t = task;
      const int chunks = chunks_of(t.rows * t.filter_width * t.in_channels);
      const MatmulStep step{t.out_channels, 2 * t.out_zero + 1, chunks};
      std::byte* out = band.out[0];
      for (int x = 0; x < t.out_width;) {
        const int pixels = tile_pixels(t.out_width - x, most_pixels);
        run_tiles<program == clamped>(t, band, step, x, out, pixels);
        x += pixels;
        out += pixels * t.out_channels;
      }
    }
  }
  template <bool clamps, int n = most_pixels>
  [[gnu::always_inline]] static void run_tiles(const Task& t, const Band& band,
                                               const MatmulStep& step, int x, std::byte* out,
                                               int pixels) {
    if constexpr ((sizes >> n & 1) != 0)
      if (pixels == n) return run_tile<n, clamps>(t, band, step, x, out);
    if constexpr (n > 1) run_tiles<clamps, n - 1>(t, band, step, x, out, pixels);
  }
  template <int pixels, bool clamps>
  static void run_tile(const Task& t, const Band& band, const MatmulStep& step, int x,
                       std::byte* out) {
    std::byte* tile = band.scratch;
    Gather::template gather<pixels>(t, band, tile, tile + tile_bytes(step.chunks), x);
    Core::template matmul<pixels, unroll, clamps>(t.stream, tile, out, &step);
  }
};

template <class Core> struct FewCore : Core {
  static constexpr bool proves(const GraphView& g, const Value& v, const Parameters& p) {
    return program_of<Core>(g, v, p) == proven;
  }
};

template <class Core> struct Convs {
  static constexpr const char* name = "thumb.conv";
  static constexpr bool serves(const GraphView& g, int value) {
    return makes<std::int8_t>(g, value, op::conv);
  }
  template <const auto& graph, int value> static constexpr auto kernel() {
    constexpr const Value& v = graph.values[value];
    constexpr int chunks = chunks_of(graph.view().window_size(v));
    constexpr Reading reading = reading_of(graph.view(), v);
    constexpr int few = reading == Reading::patches ? few_bytes(graph.view(), v) : 0;
    if constexpr (takes_few_outputs<Core>(v, few))
      return FewOutputs<FewCore<Core>, v.filter.height, few>{};
    else
      return Conv<Core, reading, unroll_of(chunks),
                  tile_sizes(v.shape.width, most_pixels_of<Core>(chunks)), few>{};
  }
};

}  // namespace graven::core::thumb_isa
