// Depthwise convolution on pixel rows: 3x3, two outputs of a row at a time, all channels; and any
// other size, in tiles.
#pragma once

#include "graven/isa/scalar/conv.hpp"
#include "graven/isa/shared/thumb/tiles.hpp"
#include "graven/isa/shared/tiled_depthwise.hpp"
#include "graven/layers/depthwise_conv2d.hpp"

namespace graven::core::thumb_isa {

// Read by the assembler of the cores.
struct DepthwiseStep {
  const std::byte* rows[3];  // at the first column of the tile
  const std::byte* stream;
  std::byte* out;
  std::int32_t channels;
  std::int32_t out_step;    // from the first output to the second; 0: there is no second
  std::int32_t twice_zero;  // 2 * zero_point + 1
};

// Stream, per channel: its word; per row of the filter a word with its weights
// in bytes 0, 1 and 3; the Core's tail.
template <class Core, int stride> struct Depthwise {
  static constexpr const char* name = stride == 1 ? "thumb.depthwise3" : "thumb.depthwise3_by2";
  static constexpr bool serves(const GraphView& g, int value) {
    const Value& v = g[value];
    return makes<std::int8_t>(g, value, op::depthwise) && v.filter == Extent(3) &&
           v.dilation == Extent(1) && v.stride.width == stride &&
           v.shape.channels == g.input(v).shape.channels;
  }
  using General = scalar_isa::Depthwise<scalar_isa::Int8>;
  static constexpr int programs = 3, columns = 3 + stride;
  static constexpr bool holds_weights = true;

  static constexpr int scratch(const GraphView&, const Value& v) {
    return (3 * columns * v.shape.channels + 3) / 4 * 4;
  }
  static constexpr int stream_size(const GraphView& g, const Value& v) {  // at most
    const int own = v.shape.channels * (16 + Core::tail_bytes) + 4;
    return own > General::stream_size(g, v) ? own : General::stream_size(g, v);
  }
  static constexpr void pack(const GraphView& g, const Value& v, const Parameters& p, Writer& to) {
    to.program = program_of<Core>(g, v, p);
    if (to.program == general) return General::pack(g, v, p, to);
    const int channels = v.shape.channels;
    for (int c = 0; c < channels; ++c) {
      const Channel channel = fold(g, v, p, c);
      to.put(channel_word(channel));
      for (int ky = 0; ky < 3; ++ky) {
        const std::int8_t* w = p.filter.int8 + 3 * ky * channels + c;
        to.put(w[0]);
        to.put(w[channels]);
        to.put(std::int8_t{0});
        to.put(w[2 * channels]);
      }
      Core::put_tail(to, channel.multiplier, 0);
    }
    to.put(end_of_stream);
  }

  // The tile's windows where a row or a column does not exist: copied, with padding.
  static void gather(const Task& t, const Band& band, int first, DepthwiseStep& step) {
    std::byte* to = band.scratch;
    for (int ky = 0; ky < 3; ++ky) {
      step.rows[ky] = to;
      to = copy_columns<Core>(t, to, band.rows[ky], first, columns, 0, t.in_channels);
    }
  }

  template <int program> static void run(const Task& task, const Band& band) {
    if constexpr (program == general) {
      General::run(task, band);
    } else {
      const Task t = task;
      DepthwiseStep step{{},
                         t.stream,
                         nullptr,
                         t.in_channels,
                         t.out_width > 1 ? t.out_channels : 0,
                         2 * t.out_zero + 1};
      const bool complete =
          band.rows[0] != nullptr && band.rows[1] != nullptr && band.rows[2] != nullptr;
      for (int next = 0; next < t.out_width; next += 2) {
        int x = next;  // an odd width's last tile makes one output again
        if (x > 0 && x + 2 > t.out_width) --x;
        const int first = x * stride - t.left;
        if (complete && first >= 0 && first + columns <= t.in_width)
          for (int ky = 0; ky < 3; ++ky) step.rows[ky] = band.rows[ky] + first * t.in_channels;
        else
          gather(t, band, first, step);
        step.out = band.out[0] + x * t.out_channels;
        Core::template depthwise<stride, program == clamped>(&step);
      }
    }
  }
};

// Stream, per channel: its word, weights, the Core's tail.
template <class Core> struct TileCore : ByteCopies<Core::unaligned_loads> {
  using General = scalar_isa::Depthwise<scalar_isa::Int8>;
  static constexpr int most_outputs = 4, at_once = 1, copied_bytes = 1024;
  static constexpr int programs = 2, head_bytes = 4, tail_bytes = Core::tail_bytes;

  static constexpr int padded(int bytes) {
    return Core::unaligned_loads ? bytes : (bytes + 3) / 4 * 4;
  }
  static constexpr int program_of(const GraphView& g, const Value& v, const Parameters& p) {
    const Program program = thumb_isa::program_of<Core>(g, v, p);
    return program == general ? -1 : program;
  }
  static constexpr int run_bytes(int, int length) { return length; }
  template <TapRuns runs, class Weight>
  static constexpr void put_run(Writer& to, int, Weight weight) {
    for (int k = 0; k < runs.length; ++k) to.put(weight(0, k));
  }
  static constexpr void put_head(Writer& to, const Channel& c) { to.put(channel_word(c)); }
  static constexpr void put_tail(Writer& to, const Channel& c) {
    Core::put_tail(to, c.multiplier, 0);
  }
  template <TapRuns runs, int program> static void tile(const DepthwiseTile* tile) {
    Core::template depthwise_tile<runs, program == clamped>(tile);
  }
};

}  // namespace graven::core::thumb_isa
