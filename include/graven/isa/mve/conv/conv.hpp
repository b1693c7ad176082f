// Convolution (pointwise and Dense included): all outputs of two pixels at a time.
#pragma once

#if defined(__ARM_FEATURE_MVE)

#include "graven/isa/mve/conv/inputs.hpp"
#include "graven/kernel/prefer.hpp"
#include "graven/layers/conv2d.hpp"

namespace graven::core::mve_isa {

template <Inputs in> struct Conv {
  static constexpr int programs = all_programs;
  static constexpr bool holds_weights = true;
  static constexpr TileShape tile = in.tile;

  static constexpr int scratch(const GraphView&, const Value&) { return Finder<in>::scratch; }
  static constexpr int stream_size(const GraphView&, const Value& v) {
    return (v.shape.channels + 3) / 4 * tile.group_bytes(general);
  }
  static constexpr void pack(const GraphView& g, const Value& v, const Parameters& p, Writer& to) {
    const Program program = cheapest(g, v, p);
    to.program = program;
    for (int o = 0; o < v.shape.channels; o += 4) {
      if (to.skips(tile.group_bytes(program))) continue;
      Channel channels[4]{};
      for (int i = 0; i < 4 && o + i < v.shape.channels; ++i) {
        channels[i] = fold(g, v, p, o + i);
      }
      auto biases = [&] {
        for (const Channel& c : channels) to.put(c.bias);
      };
      if (tile.looped()) biases();
      pack_weights(g, v, p, o, to);
      if (!tile.looped()) biases();
      for (const Channel& c : channels)
        if (program == general) to.put(left_shift(c));
      for (const Channel& c : channels) to.put(c.multiplier.multiplier);
      for (const Channel& c : channels) to.put(right_shift(c));
    }
  }
  static constexpr void pack_weights(const GraphView&, const Value& v, const Parameters& p,
                                     int first_output, Writer& to) {
    const FilterLayout layout = v.weights;
    for (int piece = 0, from = 0; piece < tile.pieces; ++piece)
      for (int b = 0; b < tile.blocks(); ++b) {
        const int count = b < tile.full ? 16 : tile.tail;
        for (int o = first_output; o < first_output + 4; ++o)
          for (int k = from; k < from + count; ++k)
            to.put(o < layout.outputs && k < layout.taps ? p.filter.int8[layout.index(o, k)]
                                                         : std::int8_t{0});
        from += count;
      }
  }

  // Outputs that are no whole group go by way of eight bytes on the stack.
  template <int program> struct Tiles {
    static constexpr int group = tile.group_bytes(program);

    const std::byte* stream;
    const Piece* pieces;
    TileJob two, one, two_left, one_left;

    Tiles(const Task& t, const Piece* list)
        : stream(t.stream),
          pieces(list), two{t.out_channels, t.out_channels & ~3, t.out_zero, t.low, t.high},
          one{group, t.out_channels & ~7, t.out_zero, t.low, t.high},
          two_left{4, 4, t.out_zero, t.low, t.high}, one_left{(t.out_channels & 7) > 4 ? group : 0,
                                                              8, t.out_zero, t.low, t.high} {}

    void pair(std::byte* out, int channels) const {
      if (two.bytes > 0) two_pixels<tile, program>(stream, pieces, out, &two);
      if (two.bytes == channels) return;
      std::byte last[8];
      two_pixels<tile, program>(stream + two.bytes / 4 * group, pieces, last, &two_left);
      for (int i = 0; i < channels - two.bytes; ++i) {
        out[two.bytes + i] = last[i];
        out[channels + two.bytes + i] = last[4 + i];
      }
    }
    void single(std::byte* out, int channels) const {
      if (one.bytes > 0) one_pixel<tile, program>(stream, pieces, out, &one);
      if (one.bytes == channels) return;
      std::byte last[8];
      one_pixel<tile, program>(stream + one.bytes / 4 * group, pieces, last, &one_left);
      for (int i = 0; i < channels - one.bytes; ++i) out[one.bytes + i] = last[i];
    }
  };

  template <int program> static void run(const Task& task, const Band& band) {
    const Task t = task;
    const Finder<in> inputs(t, band);
    const Tiles<program> tiles(t, inputs.list);
    const int channels = t.out_channels, width = t.out_width;
    const int step = 2 * t.stride_width * t.in_channels;
    std::byte* out = band.out[0];
    int x = 0;
    bool steady = false;
    for (; x + 1 < width; x += 2, out += 2 * channels) {
      const bool in_place = inputs.in_place(x);
      if (steady && in_place) {
        inputs.advance(step);
      } else {
        inputs.find(x, 0);
        inputs.find(x + 1, 1);
      }
      steady = in_place;
      tiles.pair(out, channels);
    }
    if (x == width) return;
    inputs.find(x, 0);
    tiles.single(out, channels);
  }
};

struct Convs {
  static constexpr const char* name = "mve.conv";
  static constexpr bool serves(const GraphView& g, int value) {
    return makes<std::int8_t>(g, value, op::conv);
  }
  template <const auto& graph, int value> static constexpr auto kernel() {
    return Conv<inputs_of(graph.view(), graph.values[value])>{};
  }
};

}  // namespace graven::core::mve_isa

#endif
