// Convolution (pointwise and Dense included): all outputs of two pixels at a time.
#pragma once

#if defined(__ARM_FEATURE_MVE)

#include "graven/isa/mve/conv/inputs.hpp"
#include "graven/isa/scalar/channels.hpp"
#include "graven/kernel/prefer.hpp"
#include "graven/layers/conv2d.hpp"

namespace graven::core::mve_isa {

// Weight k of output o, and 0 beyond the last of either.
struct FilterWeights {
  FilterLayout layout;
  const std::int8_t* filter;

  constexpr std::int8_t operator()(int o, int k) const {
    return o < layout.outputs && k < layout.taps ? filter[layout.index(o, k)] : std::int8_t{0};
  }
  constexpr void copy(Writer& to, int o, int from, int count) const {
    const int left = o < layout.outputs && from < layout.taps ? layout.taps - from : 0;
    const int some = left < count ? left : count;
    if (some > 0) to.copy(filter + layout.index(o, from), some, layout.tap_step);
    to.at += count - some;
  }
};
// `count` weights of output o, `nibbles` with those of o + 1.
template <bool nibbles, class Weight>
constexpr void put_weights(Writer& to, Weight weight, int o, int from, int count) {
  if constexpr (nibbles)
    for (int k = from; k < from + count; ++k) to.put(two_nibbles(weight(o, k), weight(o + 1, k)));
  else if constexpr (requires { weight.copy(to, o, from, count); })
    weight.copy(to, o, from, count);
  else
    for (int k = from; k < from + count; ++k) to.put(weight(o, k));
}

// All outputs of a row, of two pixels at a time, `pixel` bytes apart.
template <Inputs in, class Tiles>
[[gnu::always_inline]] inline void run_tiles(const Task& t, const Finder<in>& inputs,
                                             const Tiles& tiles, std::byte* out, int pixel) {
  const int channels = t.out_channels, width = t.out_width;
  const int step = 2 * t.stride_width * t.in_channels;
  int x = 0;
  bool steady = false;
  for (; x + 1 < width; x += 2, out += 2 * pixel) {
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

template <Inputs in> struct Conv {
  static constexpr int programs = all_programs;
  static constexpr bool holds_weights = true;
  static constexpr TileShape tile = in.tile;
  static_assert(tile.group_bytes(general) % 4 == 0);

  static constexpr int scratch(const GraphView&, const Value&) { return Finder<in>::scratch; }
  static constexpr int stream_size(const GraphView&, const Value& v) {
    return (v.shape.channels + 3) / 4 * tile.group_bytes(general);
  }
  static constexpr void pack(const GraphView& g, const Value& v, const Parameters& p, Writer& to) {
    const Program program = cheapest(g, v, p);
    to.program = program;
    const FilterWeights weight{v.weights, p.filter.int8};
    for (int o = 0; o < v.shape.channels; o += 4) {
      if (to.skips(tile.group_bytes(program))) continue;
      Channel channels[4]{};
      for (int i = 0; i < 4 && o + i < v.shape.channels; ++i) channels[i] = fold(g, v, p, o + i);
      put_group(channels, program, o, weight, to);
    }
  }
  // Of outputs from `first` on; `weight(o, k)`: tap k of output o, or 0.
  template <class Weight>
  static constexpr void put_group(const Channel (&channels)[4], Program program, int first,
                                  Weight weight, Writer& to) {
    auto biases = [&] {
      for (const Channel& c : channels) to.put(c.bias);
    };
    const bool biases_first = tile.looped() && !tile.nibbles;
    if (biases_first) biases();
    for (int piece = 0, from = 0; piece < tile.pieces; ++piece)
      for (int b = 0; b < tile.blocks(); ++b) {
        const int count = b < tile.full ? 16 : tile.tail;
        for (int o = first; o < first + 4; o += tile.nibbles ? 2 : 1)
          put_weights<tile.nibbles>(to, weight, o, from, count);
        from += count;
      }
    for (int i = 0; i < tile.shift_bytes(); ++i) to.put(static_cast<std::int8_t>(i % 2 * 4 - 4));
    if (!biases_first) biases();
    for (const Channel& c : channels)
      if (program == general) to.put(left_shift(c));
    for (const Channel& c : channels) to.put(c.multiplier.multiplier);
    for (const Channel& c : channels) to.put(right_shift(c));
  }

  // Outputs that are no whole group go by way of eight bytes on the stack.
  template <int program> struct Tiles {
    static constexpr int group = tile.group_bytes(program);

    const std::byte* stream;
    const Piece* pieces;
    TileJob two, one, two_left, one_left;

    Tiles(const Task& t, const Piece* list, int pixel)
        : stream(t.stream),
          pieces(list), two{pixel, t.out_channels & ~3, t.out_zero, t.low, t.high},
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
        out[two.step + two.bytes + i] = last[4 + i];
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
    run_row<program>(task, band, band.out[0], task.out_channels);
  }
  // Output pixels `pixel` bytes apart.
  template <int program>
  static void run_row(const Task& task, const Band& band, std::byte* out, int pixel) {
    const Task t = task;
    const Finder<in> inputs(t, band);
    const Tiles<program> tiles(t, inputs.list, pixel);
    run_tiles(t, inputs, tiles, out, pixel);
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

struct NibbleConvs {
  static constexpr const char* name = "mve.int4";
  static constexpr bool serves(const GraphView& g, int value) {
    return scalar_isa::computes<scalar_isa::Int8x4>(g, value, op::conv) &&
           g[value].weights.taps < 1 << 16;  // 16 * sum(w * x) has 32 bits
  }
  template <const auto& graph, int value> static constexpr auto kernel() {
    constexpr Inputs inputs = [] {
      Inputs in = inputs_of(graph.view(), graph.values[value]);
      in.tile.nibbles = true;
      return in;
    }();
    return Conv<inputs>{};
  }
};

}  // namespace graven::core::mve_isa

#endif
