// Convolution and Dense as a matmul over tiles of three, two or one pixels.
#pragma once

#include "graven/isa/scalar/conv.hpp"
#include "graven/isa/thumb/tiles.hpp"

namespace graven::thumb_isa {

// What a matmul needs of its layer. Read by the assembler of the cores.
struct MatmulStep {
  std::int32_t pixel_step;  // bytes from an output pixel to the next
  std::int32_t twice_zero;  // 2 * zero_point + 1
  std::int32_t chunks;
};

// How many chunks an inner loop takes at once: a divisor, so that there is no tail.
constexpr int unroll_of(int chunks) { return chunks % 4 == 0 ? 4 : chunks % 2 == 0 ? 2 : 1; }

// Threes, and twos at the end; a single column is a one.
constexpr int tile_pixels(int left) { return left == 1 ? 1 : left == 2 || left == 4 ? 2 : 3; }
constexpr bool has_tile(int width, int pixels) {
  for (int left = width; left > 0; left -= tile_pixels(left))
    if (tile_pixels(left) == pixels) return true;
  return false;
}

// Stream, per output: its word, a word per chunk, the Core's tail with the corrections.
template <class Core, Reading reading, int unroll, bool threes, bool twos, bool ones> struct Conv {
  using General = scalar_isa::Conv<scalar_isa::Int8>;
  using Gather = Tiles<Core, reading>;
  static constexpr int programs = 3;
  static constexpr bool holds_weights = true;

  static constexpr int most_pixels = threes ? 3 : twos ? 2 : 1;

  static constexpr int tile_bytes(int chunks) { return most_pixels * chunk_bytes * chunks; }
  static constexpr int scratch(const GraphView& g, const Value& v) {
    const int tile =
        tile_bytes(chunks_of(taps_of(g, v))) + Gather::patch_bytes(g, v, most_pixels);
    return tile > General::scratch(g, v) ? tile : General::scratch(g, v);
  }
  static constexpr int stream_size(const GraphView& g, const Value& v) {  // at most
    const int own = v.shape.channels * (12 + 12 * chunks_of(taps_of(g, v))) + 4;
    return own > General::stream_size(g, v) ? own : General::stream_size(g, v);
  }

  static constexpr void pack(const GraphView& g, const Value& v, const Parameters& p, Writer& to) {
    const FilterLayout layout = filter_layout(g, v);
    to.program = chunks_of(taps_of(g, v)) > most_chunks ? general : program_of<Core>(g, v, p);
    if (to.program == general) return General::pack(g, v, p, to);
    for (int o = 0; o < layout.outputs; ++o) {
      const Channel channel = fold(g, v, p, o);
      to.put(channel_word(channel));
      const int corrections = put_weights(to, layout, p, o);
      Core::put_tail(to, channel.multiplier, corrections);
      if (corrections > 0) put_corrections(to, layout, p, o);
      Core::end_corrections(to);
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
        const int pixels = tile_pixels(t.out_width - x);
        if (threes && pixels == 3) run_tile<3, program == clamped>(t, band, step, x, out);
        if (twos && pixels == 2) run_tile<2, program == clamped>(t, band, step, x, out);
        if (ones && pixels == 1) run_tile<1, program == clamped>(t, band, step, x, out);
        x += pixels;
        out += pixels * t.out_channels;
      }
    }
  }
  template <int pixels, bool clamps>
  static void run_tile(const Task& t, const Band& band, const MatmulStep& step, int x,
                       std::byte* out) {
    std::byte* tile = band.scratch;
    Gather::template gather<pixels>(t, band, tile, tile + tile_bytes(step.chunks), x);
    Core::template matmul<pixels, unroll, clamps>(t.stream, tile, out, &step);
  }
};

constexpr bool serves_conv(const GraphView& g, int value) {
  const Value& v = g[value];
  return v.op == Op::conv && v.element == Element::int8 && g.source(v).element == Element::int8;
}
template <class Core, const auto& graph, int value> constexpr auto conv() {
  constexpr const Value& v = graph.values[value];
  constexpr int width = v.shape.width;
  return Conv<Core, reading_of(graph.view(), v), unroll_of(chunks_of(taps_of(graph.view(), v))),
              has_tile(width, 3), has_tile(width, 2), has_tile(width, 1)>{};
}

}  // namespace graven::thumb_isa
