// Depthwise 3x3 on planar rows: channel by channel, biased by 128 so that the zero point -128 of a
// ReLU is 0. Neighbouring columns of a channel lie side by side, as SMLAD wants them. Padded rows
// have one zero before each channel and after the last; rows that one tile covers do without.
#pragma once

#if defined(__ARM_FEATURE_SIMD32) && defined(__thumb2__)

#include "graven/isa/armv7em/depthwise/depthwise3.hpp"
#include "graven/isa/armv7em/pairs.hpp"
#include "graven/isa/armv7em/row_kind.hpp"

namespace graven::core::armv7em_isa {

// How many outputs a tile takes: a divisor of the width.
constexpr int planar_tile(int width) {
  for (int n = 6; n > 1; --n)
    if (width % n == 0) return n;
  return 1;
}

// Packing chooses: `floored` or `fast` (depthwise3.hpp), or `general` for any bias, shift and
// clamp. Stream of the latter, per channel: its record, then nine weights padded to twelve bytes.
template <int outputs, int stride, int advance, bool one_tile> struct PlanarDepthwise {
  static constexpr bool accepts(const RowForm& form) {
    return is_kind(form, stride == 0 ? RowKind::planar : RowKind::padded);
  }
  enum Program { fast, floored, general };
  static constexpr int programs = 3, general_bytes = Record::bytes + 12;
  static constexpr bool holds_weights = true;

  static constexpr int scratch(const GraphView&, const Value&) { return 0; }
  static constexpr int stream_size(const GraphView&, const Value& v) {  // at most
    return v.shape.channels * general_bytes + 4;
  }
  // 256-fold sums fit.
  static constexpr bool serves(const Channel& c) {
    constexpr int most = (1 << 23) - 9 * 255 * 128 - 1;
    return FastChannel::serves(c) && c.bias >= -most && c.bias <= most;
  }
  // A floored sum is shifted once, by e + 7, of which ssat does one (requantize_fast: by e).
  static constexpr int shift(const Channel& c, Program program) {
    return -c.multiplier.shift + (program == floored ? 6 : -1);
  }
  static constexpr Program program_of(const GraphView& g, const Value& v, const Parameters& p) {
    Program program = !whole_range(v) ? general : v.quant.zero_point == -128 ? floored : fast;
    for (int c = 0; c < v.shape.channels; ++c) {
      const Channel folded = biased_channel(g, v, p, c);
      if (!serves(folded)) program = general;
      if (program == floored && -folded.multiplier.shift > 16) program = fast;
    }
    return program;
  }
  static constexpr void pack(const GraphView& g, const Value& v, const Parameters& p, Writer& to) {
    const int channels = v.shape.channels;
    const Program program = program_of(g, v, p);
    to.program = program;
    for (int c = 0; c < channels; ++c) {
      const Channel folded = biased_channel(g, v, p, c);
      if (program == general) {
        Record::put(to, folded);
      } else {
        to.put(static_cast<std::int32_t>(folded.bias * 256));
        to.put(folded.multiplier.multiplier);
      }
      for (int ky : {1, 0, 2}) {
        const std::int8_t* w = p.filter.int8 + ky * 3 * channels + c;
        const int last = program == general ? 0 : shift(folded, program);
        const int bytes[]{w[0], w[channels], w[2 * channels], last};
        for (int k : {1, 0, 3, 2}) to.put(static_cast<std::int8_t>(bytes[k]));
      }
    }
    if (program != general) to.put((std::numeric_limits<std::int32_t>::min)());
  }

  // Row `row` of the window at column `at` of a channel.
  static std::int32_t general_sum(const Task& t, const std::byte* row, int at, const std::byte* w,
                                  std::int32_t acc) {
    constexpr int place[]{1, 0, 3};
    for (int kx = 0; row != nullptr && kx < 3; ++kx)
      if (const int x = at + kx; x >= 0 && x < t.in_width)
        acc += load<std::uint8_t>(row + x) * load<std::int8_t>(w + place[kx]);
    return acc;
  }
  static void run_general(const Task& t, const Band& band, int pitch, int front) {
    const std::byte* s = t.stream;
    for (int c = 0; c < t.out_channels; ++c, s += general_bytes)
      for (int x = 0; x < t.out_width; ++x) {
        const std::byte* w = s + Record::bytes;
        std::int32_t acc = load_aligned<std::int32_t>(s);
        for (int k = 0; k < 3; ++k, w += 4) {
          const std::byte* row = band.rows[k == 0 ? 1 : k == 1 ? 0 : 2];
          if (row != nullptr) row += front + c * pitch;
          acc = general_sum(t, row, x * t.stride_width - t.left, w, acc);
        }
        band.out[0][x * t.out_channels + c] = Record::finish(s, acc, t);
      }
  }

  template <int program> static void run(const Task& task, const Band& band) {
    constexpr int front = stride == 0 ? 0 : 1;
    const int pitch = task.in_width + front;
    if constexpr (program != general) {
      const int first = stride == 0 ? 0 : 1 - task.left;
      const std::byte *top = band.rows[0], *bottom = band.rows[2];
      const int tiles = task.out_width / outputs;
      const PlanarStep step{top != nullptr ? top + first : top,
                            band.rows[1] + first,
                            bottom != nullptr ? bottom + first : bottom,
                            task.stream,
                            band.out[0],
                            task.out_channels,
                            2 * task.out_zero + 1,
                            tiles,
                            pitch - tiles * advance};
      depthwise3<outputs, stride, advance, one_tile, program == floored>(&step);
    } else {
      run_general(Task(task), band, pitch, front);
    }
  }
};

struct PlanarDepthwises {
  static constexpr const char* name = "armv7em.planar_depthwise";
  static constexpr bool serves(const GraphView& g, int value) {
    return makes<std::int8_t>(g, value, op::depthwise) &&
           (source_rows(g, value) == RowKind::planar || source_rows(g, value) == RowKind::padded);
  }
  template <const auto& graph, int value> static constexpr auto kernel() {
    constexpr const Value& v = graph.values[value];
    constexpr int width = v.shape.width, stride = v.stride.width;
    if constexpr (source_rows(graph.view(), value) == RowKind::planar) {
      return PlanarDepthwise<width, 0, width, true>{};
    } else {
      constexpr int outputs = planar_tile(width), in = graph.views[v.first_input].shape.width;
      constexpr bool one_tile = outputs == width;
      return PlanarDepthwise < outputs, stride, one_tile ? in + 1 : outputs * stride, one_tile > {};
    }
  }
};

}  // namespace graven::core::armv7em_isa

#endif
