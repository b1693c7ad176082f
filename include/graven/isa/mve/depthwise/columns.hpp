// Depthwise convolution with filters of any size, one channel at a time. The channel's rows are
// copied to scratch column by column, padding included: an output's window is then one piece of
// memory, and VMLADAV takes sixteen of its taps at once, of int16 eight.
//
// Stream, per output channel: int32 bias, int32 multiplier, int8 shift, or of int16 int32 bias,
// factor; weights column by column, with zeros where dilation leaves a column out, those of four
// bits two per byte.
#pragma once

#if defined(__ARM_FEATURE_MVE)

#include "graven/isa/mve/depthwise/column_sums.hpp"
#include "graven/isa/mve/depthwise/depthwise.hpp"
#include "graven/isa/mve/depthwise/taps.hpp"
#include "graven/layers/depthwise_conv2d.hpp"

namespace graven::core::mve_isa {

// What a channel's rows in scratch are like.
struct ColumnsShape {
  int rows, height;  // elements and bytes of a column
  int window, step;  // bytes of a window, and from one window to the next
  int columns;       // of all windows
  int lanes;         // ColumnsJob
  int vectors, scratch;

  constexpr ColumnsShape(int element, int high, int reach, int stride, int outputs, int channels)
      : rows(high), height(high * element), window(reach * height), step(stride * height),
        columns((outputs - 1) * stride + reach),
        lanes(element > 1 ? 8 : lanes_of(rows > channels ? rows : channels)),
        vectors(round_up(window, 16) / 16),
        scratch((round_up(outputs, 4) - 1) * step + 16 * vectors) {}
  constexpr ColumnsShape(const GraphView& g, const Value& v)
      : ColumnsShape(size_of(v.element), v.filter.height,
                     1 + (v.filter.width - 1) * v.dilation.width, v.stride.width, v.shape.width,
                     g.input(v).shape.channels) {}
  constexpr ColumnsShape(const Task& t, int element)
      : ColumnsShape(element, t.rows, 1 + (t.filter_width - 1) * t.dilation_width, t.stride_width,
                     t.out_width, t.in_channels) {}

  // Offsets are bytes while they fit, and eight columns' do not.
  static constexpr int lanes_of(int pixel) {
    return pixel > 255 / 8 ? 8 : pixel <= 255 / 15 ? 16 : 255 / pixel + 1;
  }
  // Instructions of a row, about.
  constexpr int cost(int outputs, int in_channels, int out_channels) const {
    const int copies = 6 + round_up(columns, lanes) / lanes * (8 + 7 * rows);
    const int sums = 22 + round_up(outputs, 4) / 4 * (8 * vectors + 20);
    return in_channels * copies + out_channels * sums + 200;
  }
};

// What the other kernels of depthwise convolutions take for a row, about.
constexpr int cost_by_blocks(const Value& v, Blocks kind) {
  const int channels = v.shape.channels, width = v.shape.width;
  const int together = kind == Blocks::narrow ? 16 / channels : 1;
  const int block = channels % 16 == 0 ? 130 : 155;
  return round_up(width, together) / together * (round_up(channels, 16) / 16 * block + 25) +
         (kind == Blocks::narrow && channels < 16 ? 300 : 150);
}
// Columns of the input that the windows of a row have, those of padding left out.
constexpr int columns_inside(const GraphView& g, const Value& v) {
  const int stride = v.stride.width, width = g.input(v).shape.width;
  int count = 0;
  for (int k = 0; k < v.filter.width; ++k) {
    const int first = k * v.dilation.width - v.left, least = first < 0 ? stride - 1 - first : 0;
    const int ends = width > first ? (width - first + stride - 1) / stride : 0;
    const int end = ends < v.shape.width ? ends : v.shape.width;
    if (end > least / stride) count += end - least / stride;
  }
  return count;
}
constexpr int cost_by_taps(const GraphView& g, const Value& v) {
  const bool words = v.element == Element::int16, nibbles = v.weights.element == Element::int4;
  const int tap = words ? 7 : nibbles ? 11 : 8, rest = words ? 22 : 40;
  const int columns = columns_inside(g, v), blocks = round_up(v.shape.channels, 8) / 8;
  return blocks * (v.filter.height * (tap * columns + 5 * v.shape.width) + rest * v.shape.width) +
         70 * v.shape.width;
}
constexpr int cost_by_pairs(const Value& v) {  // convolutions of one channel
  const int fours = round_up(v.shape.channels, 4) / 4, blocks = round_up(v.filter.area(), 16) / 16;
  return round_up(v.shape.width, 2) / 2 * (fours * (14 * blocks + 35) + 40 * v.filter.height + 50);
}
// A convolution of one channel is a depthwise one as well.
constexpr bool by_columns(const GraphView& g, const Value& v) {
  const ColumnsShape shape(g, v);
  const int inputs = g.input(v).shape.channels, outputs = v.shape.channels;
  const bool depthwise = v.op == op::depthwise, words = v.element == Element::int16;
  const bool far = 7 * (words ? 2 : 1) * (inputs > outputs ? inputs : outputs) > 65535;
  if (shape.vectors > 6 || far || (!depthwise && inputs != 1)) return false;
  if (depthwise && inputs != outputs) return true;
  return shape.cost(v.shape.width, inputs, outputs) < (!depthwise ? cost_by_pairs(v)
                                                       : v.filter == Extent(3) && !words
                                                           ? cost_by_blocks(v, blocks_of(v))
                                                           : cost_by_taps(g, v));
}

// Of words, `rectified` is scalar's program, of what has no fast requantization.
template <int vectors, bool far, Taps taps> struct ColumnsDepthwise {
  using General = scalar_isa::Depthwise<scalar_isa::Int16x8>;
  static constexpr int programs = all_programs;
  static constexpr bool holds_weights = true;
  static constexpr bool words = taps == Taps::words, nibbles = taps == Taps::nibbles;
  static constexpr int element = words ? 2 : 1;

  static constexpr int scratch(const GraphView& g, const Value& v) {
    return ColumnsShape(g, v).scratch;
  }
  static constexpr int weight_bytes(int window) {
    return words ? window / 2 : nibbles ? (window + 1) / 2 : window;
  }
  static constexpr int stream_size(const GraphView& g, const Value& v) {
    const int mine = v.shape.channels * ((words ? 8 : 9) + weight_bytes(ColumnsShape(g, v).window));
    return words && General::stream_size(g, v) > mine ? General::stream_size(g, v) : mine;
  }
  static constexpr void pack(const GraphView& g, const Value& v, const Parameters& p, Writer& to) {
    if constexpr (words)
      if (!armv7em_isa::fits_words(g, v, p)) return General::pack(g, v, p, to);
    to.program = !words ? cheapest(g, v, p) : whole_range(v) ? shifted : general;
    for (int o = 0; o < v.shape.channels; ++o) {
      if constexpr (words) {
        const armv7em_isa::WordChannel channel(g, v, p, o);
        to.put(channel.bias);
        to.put(channel.factor);
      } else {
        const Channel channel = fold(g, v, p, o);
        to.put(channel.bias);
        to.put(channel.multiplier.multiplier);
        to.put(static_cast<std::int8_t>(channel.multiplier.shift));
      }
      put_weights(v, p, o, to);
    }
  }
  static constexpr void put_weights(const Value& v, const Parameters& p, int o, Writer& to) {
    const int height = v.filter.height, width = v.filter.width;
    const int step = width * v.weights.tap_step;
    for (int x = 0; x < width; ++x) {
      const std::int8_t* column = p.filter.int8 + v.weights.index(o, x);
      const int none = x < width - 1 ? height * (v.dilation.width - 1) : 0;
      if constexpr (nibbles)
        for (int i = 0; i < height + none; ++i) to.put_nibble(i < height ? column[i * step] : 0);
      else
        to.copy(column, height, step);
      for (int i = none; i > 0 && !nibbles; --i) to.put(std::int8_t{0});
    }
    to.end_nibbles();
  }

  template <int program> static void run(const Task& task, const Band& band) {
    if constexpr (words && program == rectified)
      General::run(task, band);
    else
      run_row<program>(task, band);
  }
  template <int program> static void run_row(const Task& task, const Band& band) {
    const Task t = task;
    const ColumnsShape shape(t, element);
    const RowsThere there(band, t.rows);
    const int inside = shape.columns - t.left < t.in_width ? shape.columns - t.left : t.in_width;
    ColumnsJob job;
    job.rows = band.rows + there.top;
    job.row_count = inside > 0 ? there.count : 0;
    job.columns = inside;
    job.lanes = far ? 8 : shape.lanes;
    job.channel = 0;
    job.to = band.scratch + t.left * shape.height + there.top * element;
    job.lanes_step = job.lanes * t.in_channels * element;
    job.to_step = job.lanes * shape.height;
    job.windows = band.scratch;
    job.window_step = shape.step;
    job.out = band.out[0];
    job.out_step = 4 * t.out_channels * element;
    job.stream = t.stream;
    job.zero = t.out_zero;
    job.pixels = t.out_width;
    job.tail = weight_bytes(shape.window - 16 * (vectors - 1));
    job.channels = t.out_channels;
    job.multiplier = t.out_channels / t.in_channels;
    job.low = t.low;
    job.high = t.high;
    job.in_pixel = t.in_channels * element;
    job.height = shape.height;
    job.out_pixel = t.out_channels * element;
    fill(band.scratch, t.in_zero, shape.scratch);
    columns<program, vectors, far, taps>(&job);
  }
};

// Windows by columns where a row of them fits in `bytes` of scratch.
template <int bytes> struct ByColumns {
  static constexpr const char* name = "mve.columns";
  static constexpr bool serves(const GraphView& g, int value) {
    using namespace scalar_isa;
    const bool windows = computes<Int8>(g, value, op::conv) || is_depthwise(g, value);
    return windows && by_columns(g, g[value]) && ColumnsShape(g, g[value]).scratch <= bytes;
  }
  static constexpr bool is_depthwise(const GraphView& g, int value) {
    using namespace scalar_isa;
    return computes<Int8>(g, value, op::depthwise) || computes<Int8x4>(g, value, op::depthwise) ||
           computes<Int16x8>(g, value, op::depthwise);
  }
  template <const auto& graph, int value> static constexpr auto kernel() {
    constexpr const Value& v = graph.values[value];
    constexpr ColumnsShape shape(graph.view(), v);
    constexpr Taps taps = v.element == Element::int16          ? Taps::words
                          : v.weights.element == Element::int4 ? Taps::nibbles
                                                               : Taps::bytes;
    return ColumnsDepthwise<shape.vectors, shape.lanes == 8, taps>{};
  }
};

}  // namespace graven::core::mve_isa

#endif
