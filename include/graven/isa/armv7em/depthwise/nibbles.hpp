// Depthwise convolutions with weights of four bits: each row's step expands them in scratch into
// the stream that the kernel for bytes reads (taps.hpp).
#pragma once

#if defined(__ARM_FEATURE_SIMD32) && defined(__thumb2__)

#include "graven/isa/armv7em/depthwise/taps.hpp"

namespace graven::core::armv7em_isa {

// Stream, per channel: FastChannel's word, multiplier; per eight weights of a tile's channel, zeros
// behind the last, a word: in the low halves of its bytes the first four, in the high ones the
// others, each plus 8.
template <int bytes, TapRuns runs> struct NibbleDepthwise {
  using General = scalar_isa::Depthwise<scalar_isa::Int8x4>;
  using Core = TileCore<General, bytes>;
  using Tiled = TiledDepthwise<Core, runs>;
  static constexpr bool holds_weights = true;
  static constexpr int programs = 2;  // General's, own
  static constexpr int words = (Tiled::weight_bytes + 7) / 8, channel_bytes = 8 + 4 * words;

  // Of the last channel up to seven bytes more are written.
  static constexpr int expanded(int channels) { return round4(channels * Tiled::record_bytes + 7); }
  static constexpr int scratch(const GraphView& g, const Value& v) {
    return expanded(v.shape.channels) + Tiled::scratch(g, v);
  }
  static constexpr int stream_size(const GraphView& g, const Value& v) {  // at most
    const int general = General::stream_size(g, v), mine = v.shape.channels * channel_bytes;
    return general > mine ? general : mine;
  }
  static constexpr void pack(const GraphView& g, const Value& v, const Parameters& p, Writer& to) {
    if (Core::program_of(g, v, p) < 0) return General::pack(g, v, p, to);
    to.program = 1;
    for (int c = 0; c < v.shape.channels; ++c) {
      if (to.skips(channel_bytes)) continue;
      const Channel channel = fold(g, v, p, c);
      Core::put_head(to, channel);
      Core::put_tail(to, channel);
      std::byte weights[std::size_t{8 * words}]{};
      Writer tiled{weights, 0, 8 * words};
      for (int ky = 0; ky < runs.rows; ky += Core::at_once) Tiled::put_runs(tiled, v, p, ky, c);
      for (int k = 0; k < 8 * words; k += k % 4 == 3 ? 5 : 1) {
        to.put_nibble(load<std::int8_t>(weights + k) + 8);
        to.put_nibble(load<std::int8_t>(weights + k + 4) + 8);
      }
    }
  }

  template <int program> static void run(const Task& task, const Band& band) {
    if constexpr (program == 0) {
      General::run(task, band);
    } else {
      expand(task.stream, band.scratch, task.out_channels);
      Task t = task;
      t.stream = band.scratch;
      Band b = band;
      b.scratch += expanded(t.out_channels);
      Tiled::template run<0>(t, b);
    }
  }

private:
  static std::uint32_t weights(std::uint32_t nibbles) {
    std::uint32_t four;
    asm("ssub8 %0, %1, %2" : "=r"(four) : "r"(nibbles & 0x0f0f0f0fu), "r"(0x08080808u));
    return four;
  }
  // What a channel's words have beyond its weights, its tail and the next channel take the place
  // of.
  static void expand(const std::byte* from, std::byte* to, int channels) {
    for (; channels > 0; --channels, from += channel_bytes, to += Tiled::record_bytes) {
      store(to, load_aligned<std::uint32_t>(from));
#pragma GCC unroll 4
      for (int k = 0; k < words; ++k) {
        const auto eight = load_aligned<std::uint32_t>(from + 8 + 4 * k);
        store(to + 4 + 8 * k, weights(eight));
        store(to + 8 + 8 * k, weights(eight >> 4));
      }
      store(to + 4 + Tiled::weight_bytes, load_aligned<std::uint32_t>(from + 4));
    }
  }
};

// `bytes`: of scratch for a tile at an edge.
template <int bytes> struct NibbleDepthwises {
  static constexpr const char* name = "armv7em.int4_depthwise";
  static constexpr bool serves(const GraphView& g, int value) {
    return scalar_isa::computes<scalar_isa::Int8x4>(g, value, op::depthwise);
  }
  template <const auto& graph, int value> static constexpr auto kernel() {
    return NibbleDepthwise<bytes,
                           TapRuns::of(graph.view(), graph.values[value], most_tile_outputs)>{};
  }
};

}  // namespace graven::core::armv7em_isa

#endif
