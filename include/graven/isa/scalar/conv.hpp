// Row kernels of the layers with weights: convolution (pointwise and Dense included), depthwise
// convolution, and Dense as a running sum over the rows of its input.
#pragma once

#include "graven/isa/gather.hpp"
#include "graven/isa/scalar/channels.hpp"

namespace graven::scalar_isa {

// One patch per output pixel times all filters; weights output by output.
template <class N> struct Conv {
  static constexpr bool holds_weights = true;
  using T = typename N::Element;

  static constexpr int scratch(const GraphView& g, const Value& v) { return patch_bytes(g, v); }
  static constexpr int stream_size(const GraphView& g, const Value& v) {
    return N::header(v.shape.channels) + filter_layout(g, v).size() * static_cast<int>(sizeof(T));
  }
  static constexpr void pack(const GraphView& g, const Value& v, const Parameters& p, Writer& to) {
    N::pack(g, v, p, to);
    const FilterLayout layout = filter_layout(g, v);
    for (int o = 0; o < layout.outputs; ++o) {
      const T* w = N::weights(p) + layout.index(o, 0);
      for (int k = 0; k < layout.taps; ++k) to.put(w[k * layout.tap_step]);
    }
  }

  static constexpr void run(const Task& task, const Band& band) {
    const Task t = task;
    const N channels(t);
    const int taps = t.rows * t.filter_width * t.in_channels;
    std::byte* out = band.out[0];
    for (int x = 0; x < t.out_width; ++x) {
      const std::byte* patch = gather<T>(t, band, x, static_cast<T>(t.in_zero));
      const std::byte* w = channels.weights();
      for (int o = 0; o < t.out_channels; ++o, w += taps * static_cast<int>(sizeof(T)))
        channels.finish(out, o, dot<N>(patch, w, taps, channels.start(o)));
      out += t.out_channels * static_cast<int>(sizeof(T));
    }
  }
};

// Each output channel has its own input channel; weights as they come, tap by tap.
template <class N> struct Depthwise {
  static constexpr bool holds_weights = true;
  using T = typename N::Element;

  static constexpr int scratch(const GraphView&, const Value&) { return 0; }
  static constexpr int stream_size(const GraphView& g, const Value& v) {
    return Conv<N>::stream_size(g, v);
  }
  static constexpr void pack(const GraphView& g, const Value& v, const Parameters& p, Writer& to) {
    N::pack(g, v, p, to);
    const T* w = N::weights(p);
    for (int left = filter_layout(g, v).size(); left > 0; --left) to.put(*w++);
  }

  // acc + the taps of one filter row, from column `first`; `c` and `w` point at the channel.
  static constexpr typename N::Acc row_sum(const Task& t, const std::byte* row, int first,
                                           const std::byte* w, typename N::Acc acc) {
    constexpr int size = sizeof(T);
    for (int kx = 0; kx < t.filter_width; ++kx, w += t.out_channels * size) {
      const int column = first + kx * t.dilation_width;
      const bool inside = row != nullptr && column >= 0 && column < t.in_width;
      const T x = inside ? load<T>(row + column * t.in_channels * size) : static_cast<T>(t.in_zero);
      acc += x * load<T>(w);
    }
    return acc;
  }
  // The same where all columns are inside.
  static constexpr typename N::Acc inner_sum(const Task& t, const std::byte* x, const std::byte* w,
                                             typename N::Acc acc) {
    const int x_step = t.dilation_width * t.in_channels * static_cast<int>(sizeof(T));
    const int w_step = t.out_channels * static_cast<int>(sizeof(T));
    for (int kx = t.filter_width; kx > 0; --kx, x += x_step, w += w_step)
      acc += load<T>(x) * load<T>(w);
    return acc;
  }

  static constexpr void run(const Task& task, const Band& band) {
    constexpr int size = sizeof(T);
    const Task t = task;
    const N channels(t);
    const int multiplier = t.out_channels / t.in_channels;
    const int span = (t.filter_width - 1) * t.dilation_width;
    std::byte* out = band.out[0];
    for (int x = 0; x < t.out_width; ++x, out += t.out_channels * size) {
      const int first = x * t.stride_width - t.left;
      const bool inside = first >= 0 && first + span < t.in_width;
      for (int c = 0, o = 0; c < t.in_channels; ++c)
        for (int m = 0; m < multiplier; ++m, ++o) {
          typename N::Acc acc = channels.start(o);
          const std::byte* w = channels.weights() + o * size;
          for (int ky = 0; ky < t.rows; ++ky, w += t.filter_width * t.out_channels * size) {
            const std::byte* row = band.rows[ky];
            if (row != nullptr) row += c * size;
            acc = inside && row != nullptr
                      ? inner_sum(t, row + first * t.in_channels * size, w, acc)
                      : row_sum(t, row, first, w, acc);
          }
          channels.finish(out, o, acc);
        }
    }
  }
};

// Running sums in scratch: step r adds row r of the input; weights row by row, output by output.
template <class N> struct DenseRows {
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
    for (int r = 0; r < in.height; ++r)
      for (int o = 0; o < v.shape.channels; ++o) {
        const T* w = N::weights(p) + o * in.size() + r * in.row();
        for (int left = in.row(); left > 0; --left) to.put(*w++);
      }
  }

  static constexpr void run(const Task& task, const Band& band) {
    const Task t = task;
    const N channels(t);
    const int length = t.in_width * t.in_channels, bytes = length * static_cast<int>(sizeof(T));
    const std::byte* w = channels.weights() + band.step * t.out_channels * bytes;
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

}  // namespace graven::scalar_isa
