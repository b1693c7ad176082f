// Row kernels of the layers with weights: convolution (pointwise and Dense included), depthwise
// convolution, and Dense as a running sum over the rows of its input.
#pragma once

#include "graven/isa/scalar/channels.hpp"
#include "graven/kernel/gather.hpp"
#include "graven/kernel/prefer.hpp"
#include "graven/layers/conv2d.hpp"
#include "graven/layers/dense.hpp"

namespace graven::core::scalar_isa {

// One patch per output pixel times all filters; weights output by output.
template <class N> struct Conv {
  static constexpr const char* name = "scalar.conv";
  static constexpr bool serves(const GraphView& g, int value) {
    return computes<N>(g, value, op::conv);
  }
  static constexpr bool holds_weights = true;
  using T = typename N::Element;

  static constexpr int scratch(const GraphView& g, const Value& v) { return patch_bytes(g, v); }
  static constexpr int stream_size(const GraphView&, const Value& v) {
    return N::header(v.shape.channels) + weight_bytes<N>(v.weights.size());
  }
  static constexpr void pack(const GraphView& g, const Value& v, const Parameters& p, Writer& to) {
    N::pack(g, v, p, to);
    const FilterLayout layout = v.weights;
    if (layout.tap_step == 1 && layout.output_step == layout.taps)
      return copy_filter<N>(to, p, layout);
    for (int o = 0; o < layout.outputs; ++o)
      copy_weights<N>(to, p, layout.index(o, 0), layout.taps, layout.tap_step);
    to.end_nibbles();
  }

  static constexpr void run(const Task& task, const Band& band) {
    const Task t = task;
    const N channels(t);
    const int taps = t.rows * t.filter_width * t.in_channels;
    std::byte* out = band.out[0];
    for (int x = 0; x < t.out_width; ++x) {
      const std::byte* patch = gather<T>(t, band, x, static_cast<T>(t.in_zero));
      typename N::Weights w = channels.weights();
      for (int o = 0; o < t.out_channels; ++o, w += taps * N::weight_size)
        channels.finish(out, o, dot<N>(patch, w, taps, channels.start(o)));
      out += t.out_channels * static_cast<int>(sizeof(T));
    }
  }
};

// The patch has all channels; an output reads those of its group. Stream: int32 groups; then
// Conv's.
template <class N> struct GroupedConv {
  static constexpr const char* name = "scalar.grouped_conv";
  static constexpr bool serves(const GraphView& g, int value) {
    return computes<N>(g, value, op::grouped_conv);
  }
  static constexpr bool holds_weights = true;
  using T = typename N::Element;

  static constexpr int scratch(const GraphView& g, const Value& v) { return patch_bytes(g, v); }
  static constexpr int stream_size(const GraphView& g, const Value& v) {
    return 4 + Conv<N>::stream_size(g, v);
  }
  static constexpr void pack(const GraphView& g, const Value& v, const Parameters& p, Writer& to) {
    to.put<std::int32_t>(v.options.get<ConvOptions>().groups);
    Conv<N>::pack(g, v, p, to);
  }

  static constexpr void run(const Task& task, const Band& band) {
    Task t = task;
    const int groups = load_aligned<std::int32_t>(t.stream);
    t.stream += 4;
    const N channels(t);
    const int inputs = t.in_channels / groups, outputs = t.out_channels / groups;
    const int pixel = t.in_channels * static_cast<int>(sizeof(T));
    const int piece = inputs * static_cast<int>(sizeof(T)), weights = inputs * N::weight_size;
    std::byte* out = band.out[0];
    for (int x = 0; x < t.out_width; ++x) {
      const std::byte* patch = gather<T>(t, band, x, static_cast<T>(t.in_zero));
      typename N::Weights w = channels.weights();
      for (int o = 0; o < t.out_channels; ++o) {
        const std::byte* in = patch + o / outputs * piece;
        typename N::Acc acc = channels.start(o);
        for (int tap = t.rows * t.filter_width; tap > 0; --tap, in += pixel, w += weights)
          acc = dot<N>(in, w, inputs, acc);
        channels.finish(out, o, acc);
      }
      out += t.out_channels * static_cast<int>(sizeof(T));
    }
  }
};

// Each output channel has its own input channel; weights as they come, tap by tap; biases as they
// come, too: sums over x - zero need no folding.
template <class N> struct Depthwise {
  static constexpr const char* name = "scalar.depthwise";
  static constexpr bool serves(const GraphView& g, int value) {
    return computes<N>(g, value, op::depthwise);
  }
  static constexpr bool holds_weights = true;
  using T = typename N::Element;

  static constexpr int scratch(const GraphView&, const Value&) { return 0; }
  static constexpr int stream_size(const GraphView& g, const Value& v) {
    return Conv<N>::stream_size(g, v);
  }
  static constexpr void pack(const GraphView& g, const Value& v, const Parameters& p, Writer& to) {
    N::pack(g, v, p, to);
    copy_filter<N>(to, p, v.weights);
  }

  // The part of the window that lies inside the input, for one output pixel.
  struct Inside {
    const std::byte* const* rows;
    int row_count, taps;    // filter rows and columns inside
    int offset;             // bytes from a row's start to the first column inside
    typename N::Weights w;  // the first weight inside, of channel 0
  };

  // Padding is the zero point, and adds nothing to a sum over x - zero.
  static constexpr typename N::Acc sum(const Task& t, const Inside& window, int x, int w,
                                       typename N::Acc acc) {
    constexpr int size = sizeof(T);
    const int x_step = t.dilation_width * t.in_channels * size;
    const int w_step = t.out_channels * N::weight_size;
    const auto zero = static_cast<typename N::Term>(t.in_zero);
    for (int row = 0; row < window.row_count; ++row, w += t.filter_width * w_step) {
      const std::byte* in = window.rows[row];
      for (int tap = window.taps, i = x, j = w; tap > 0; --tap, i += x_step, j += w_step)
        acc +=
            N::product(load_element<T>(in + i) - zero, weight_at<typename N::Weight>(window.w + j));
    }
    return acc;
  }

  [[gnu::noinline]] static constexpr void run_pixel(const Task& task, const Inside& inside,
                                                    std::byte* out) {
    constexpr int size = sizeof(T);
    const Task t = task;
    const Inside window = inside;
    const N channels(t);
    const int multiplier = t.out_channels / t.in_channels;
    for (int c = 0, o = 0; c < t.in_channels; ++c)
      for (int m = 0; m < multiplier; ++m, ++o)
        channels.finish(
            out, o,
            sum(t, window, window.offset + c * size, o * N::weight_size, channels.start(o)));
  }

  static constexpr void run(const Task& task, const Band& band) {
    each_pixel<&run_pixel>(task, band);
  }
  template <auto pixel> static constexpr void each_pixel(const Task& task, const Band& band) {
    constexpr int size = sizeof(T);
    const Task& t = task;
    const N channels(t);
    int top = 0, bottom = t.rows;  // missing rows are at the window's ends
    while (top < bottom && band.rows[top] == nullptr) ++top;
    while (bottom > top && band.rows[bottom - 1] == nullptr) --bottom;
    std::byte* out = band.out[0];
    for (int x = 0; x < t.out_width; ++x, out += t.out_channels * size) {
      const int first = x * t.stride_width - t.left;
      const int before = first < 0 ? (-first + t.dilation_width - 1) / t.dilation_width : 0;
      const int until = (t.in_width - first + t.dilation_width - 1) / t.dilation_width;
      const int taps = (until < t.filter_width ? until : t.filter_width) - before;
      pixel(
          t,
          {band.rows + top, bottom - top, taps,
           (first + before * t.dilation_width) * t.in_channels * size,
           channels.weights() + (top * t.filter_width + before) * t.out_channels * N::weight_size},
          out);
    }
  }
};

// Running sums in scratch: step r adds row r of the input; weights row by row, output by output.
template <class N> struct DenseRows {
  static constexpr const char* name = "scalar.dense";
  static constexpr bool serves(const GraphView& g, int value) {
    return computes<N>(g, value, op::dense);
  }
  static constexpr bool holds_weights = true;
  using T = typename N::Element;
  using Acc = typename N::Acc;

  static constexpr int scratch(const GraphView&, const Value& v) {
    return v.shape.channels * static_cast<int>(sizeof(Acc));
  }
  static constexpr int stream_size(const GraphView& g, const Value& v) {
    return Conv<N>::stream_size(g, v);
  }
  static constexpr void pack(const GraphView& g, const Value& v, const Parameters& p, Writer& to) {
    N::pack(g, v, p, to);
    const Shape in = g.input(v).shape;
    if (in.height == 1) return copy_filter<N>(to, p, v.weights);
    for (int r = 0; r < in.height; ++r)
      for (int o = 0; o < v.shape.channels; ++o)
        copy_weights<N>(to, p, o * in.size() + r * in.row(), in.row());
    to.end_nibbles();
  }

  static constexpr void run(const Task& task, const Band& band) {
    const Task t = task;
    const N channels(t);
    const int length = t.in_width * t.in_channels, bytes = length * N::weight_size;
    typename N::Weights w = channels.weights() + band.step * t.out_channels * bytes;
    std::byte* sum = band.scratch;
    for (int o = 0; o < t.out_channels; ++o, w += bytes, sum += sizeof(Acc)) {
      const Acc before = band.first ? channels.start(o) : load_aligned<Acc>(sum);
      const Acc acc = dot<N>(band.rows[0], w, length, before);
      if (band.last)
        channels.finish(band.out[0], o, acc);
      else
        store_aligned(sum, acc);
    }
  }
};

}  // namespace graven::core::scalar_isa
