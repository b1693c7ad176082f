// Depthwise convolution with windows of any size and rows of any width, of int8 with weights of
// four, eight and (of uint8 models) sixteen bits, and of int16: eight channels at a time in 32-bit
// sums. columns.hpp is better at what it takes.
#pragma once

#if defined(__ARM_FEATURE_MVE)

#include "graven/isa/armv7em/conv/words.hpp"
#include "graven/isa/mve/depthwise/eights.hpp"
#include "graven/isa/scalar/conv.hpp"

#include <type_traits>

namespace graven::core::mve_isa {

// A window's rows that exist: missing ones are at its ends.
struct RowsThere {
  int top = 0, count;

  RowsThere(const Band& band, int rows) : count(rows) {
    while (count > 0 && band.rows[top] == nullptr) ++top, --count;
    while (count > 0 && band.rows[top + count - 1] == nullptr) --count;
  }
};

template <class N>
inline constexpr Eights eights_kind = sizeof(typename N::Element) == 2 ? Eights::words
                                      : scalar_isa::has_nibbles<N>     ? Eights::nibbles
                                      : N::weight_size == 2            ? Eights::wide
                                                                       : Eights::bytes;

// One output per input channel. `width`: of filters whose rows are unrolled, or 0. `whole`, `part`:
// are there whole blocks of channels, and a part of one?
template <class N, int width, bool whole, bool part> struct ByEights : scalar_isa::Depthwise<N> {
  using General = scalar_isa::Depthwise<N>;
  static constexpr const char* name = "mve.depthwise";
  static constexpr Eights kind = eights_kind<N>;
  static constexpr bool words = kind == Eights::words;
  static constexpr int programs = words ? 2 : 1, size = sizeof(typename N::Element);

  static constexpr int weight_bytes(int lanes) { return scalar_isa::weight_bytes<N>(lanes); }
  static constexpr int block_bytes(int taps, int lanes) {
    return eights_header(kind) + taps * weight_bytes(lanes);
  }
  static constexpr int stream_size(const GraphView& g, const Value& v) {
    const int taps = v.filter.area(), rest = v.shape.channels % 8;
    const int mine =
        v.shape.channels / 8 * block_bytes(taps, 8) + (rest > 0 ? block_bytes(taps, rest) : 0);
    return words && General::stream_size(g, v) > mine ? General::stream_size(g, v) : mine;
  }
  static constexpr void pack(const GraphView& g, const Value& v, const Parameters& p, Writer& to) {
    if constexpr (words) {
      if (!armv7em_isa::fits_words(g, v, p)) return General::pack(g, v, p, to);
      to.program = 1;
    }
    const int channels = v.shape.channels;
    for (int first = 0; first < channels; first += 8) {
      const int lanes = channels - first < 8 ? channels - first : 8;
      if (to.skips(block_bytes(v.filter.area(), lanes))) continue;
      put_header(g, v, p, first, to);
      for (int tap = 0; tap < v.filter.area(); ++tap) {
        scalar_isa::copy_weights<N>(to, p, tap * channels + first, lanes);
        to.end_nibbles();
      }
    }
  }
  static constexpr void put_header(const GraphView& g, const Value& v, const Parameters& p,
                                   int first, Writer& to) {
    const auto each = [&](auto put) {
      for (const int o : {0, 2, 4, 6, 1, 3, 5, 7})
        put(first + o < v.shape.channels ? first + o : 0);
    };
    if constexpr (words) {
      each([&](int o) { to.put(armv7em_isa::WordChannel(g, v, p, o).bias); });
      each([&](int o) { to.put(armv7em_isa::WordChannel(g, v, p, o).factor); });
    } else {
      each([&](int o) { to.put(fold(g, v, p, o).plain_bias); });
      each([&](int o) { to.put(fold(g, v, p, o).multiplier.multiplier); });
      each([&](int o) { to.put(left_shift(fold(g, v, p, o))); });
      each([&](int o) { to.put(right_shift(fold(g, v, p, o))); });
    }
  }

  // Whole blocks of channels, or those behind them.
  template <bool masked> struct Channels {
    EightsJob job;
    int lanes, width_of_filter;

    Channels(const Task& t, const Band& band, const RowsThere& there)
        : lanes(masked ? t.out_channels % 8 : 8), width_of_filter(t.filter_width) {
      const int blocks = t.out_channels / 8;
      job.x_step = size * t.dilation_width * t.in_channels;
      job.out = band.out[0] + (masked ? 8 * size * blocks : 0);
      job.blocks_or_lanes = masked ? lanes : blocks;
      job.block_bytes = block_bytes(t.rows * t.filter_width, 8);
      job.stream = t.stream + (masked ? blocks * job.block_bytes : 0);
      job.rows = band.rows + there.top;
      job.row_count = there.count;
      job.zero = t.in_zero;
      job.low = t.low;
      job.high = t.high;
      job.out_zero = t.out_zero;
    }
    // Taps from `before` on, at a column of the input.
    void run(const Task& t, int top, int before, int taps, int column) {
      const int bytes = weight_bytes(lanes);
      job.offset = size * (column * t.in_channels + t.out_channels / 8 * (masked ? 8 : 0));
      job.weights = eights_header(kind) + (top * width_of_filter + before) * bytes;
      job.weights_rest = (width_of_filter - taps) * bytes;
      job.taps = width > 0 ? (width - taps) * tap_code(kind, masked) : taps;
      eights<kind, width, masked>(&job);
      job.out += size * t.out_channels;
    }
  };
  template <int program = 1> static void run(const Task& task, const Band& band) {
    if constexpr (words && program == 0)
      General::run(task, band);
    else
      run_row(task, band);
  }
  static void run_row(const Task& task, const Band& band) {
    const Task t = task;
    const RowsThere there(band, t.rows);
    Channels<false> blocks(t, band, there);
    Channels<true> rest(t, band, there);
    int first = -t.left;
    for (int x = 0; x < t.out_width; ++x, first += t.stride_width) {
      const int apart = t.dilation_width;
      const int before = first < 0 ? (-first + apart - 1) / apart : 0;
      const int until = (t.in_width - first + apart - 1) / apart;
      const int taps = (until < t.filter_width ? until : t.filter_width) - before;
      const int some = taps > 0 ? taps : 0;
      if constexpr (whole) blocks.run(t, there.top, before, some, first + before * apart);
      if constexpr (part) rest.run(t, there.top, before, some, first + before * apart);
    }
  }
};

struct AnyDepthwise {
  static constexpr const char* name = "mve.depthwise";
  template <class N> static constexpr bool takes(const GraphView& g, int value) {
    return scalar_isa::computes<N>(g, value, op::depthwise) && keeps_channels(g, g[value]);
  }
  static constexpr bool serves(const GraphView& g, int value) {
    return takes<scalar_isa::Int8>(g, value) || takes<scalar_isa::Int8x4>(g, value) ||
           takes<scalar_isa::Int8x16<false>>(g, value) || takes<scalar_isa::Int16x8>(g, value);
  }
  template <class N, const auto& graph, int value> static constexpr auto kernel_of() {
    constexpr const Value& v = graph.values[value];
    constexpr int width = v.filter.width <= 7 ? v.filter.width : 0;
    return ByEights<N, width, (v.shape.channels >= 8), v.shape.channels % 8 != 0>{};
  }
  template <const auto& graph, int value> static constexpr auto kernel() {
    using namespace scalar_isa;
    constexpr GraphView g = graph.view();
    if constexpr (takes<Int16x8>(g, value))
      return kernel_of<Int16x8, graph, value>();
    else if constexpr (takes<Int8x4>(g, value))
      return kernel_of<Int8x4, graph, value>();
    else if constexpr (takes<Int8x16<false>>(g, value))
      return kernel_of<Int8x16<false>, graph, value>();
    else
      return kernel_of<Int8, graph, value>();
  }
};

}  // namespace graven::core::mve_isa

#endif
