// Row kernel of the transposed convolution: each output gathers what reaches it.
#pragma once

#include "graven/isa/scalar/channels.hpp"
#include "graven/isa/scalar/conv.hpp"
#include "graven/layers/transpose_conv2d.hpp"

namespace graven::core::scalar_isa {

// Stream: int32 filter height, stride height, top; then Conv's, with plain biases.
template <class N> struct TransposeConv {
  static constexpr const char* name = "scalar.transpose_conv";
  static constexpr bool serves(const GraphView& g, int value) {
    return computes<N>(g, value, op::transpose_conv);
  }
  static constexpr bool holds_weights = true;
  using T = typename N::Element;

  static constexpr int scratch(const GraphView&, const Value&) { return 0; }
  static constexpr int stream_size(const GraphView& g, const Value& v) {
    return 12 + Conv<N>::stream_size(g, v);
  }
  static constexpr void pack(const GraphView& g, const Value& v, const Parameters& p, Writer& to) {
    const auto options = v.options.get<TransposeConvOptions>();
    to.put<std::int32_t>(options.filter_height);
    to.put<std::int32_t>(options.stride_height);
    to.put<std::int32_t>(options.top);
    Conv<N>::pack(g, v, p, to);
  }

  // The taps that reach an output along one axis: filter places `first`, first + step, ... below
  // `end`, of inputs `input`, input - 1, ...
  struct Taps {
    int first, step, end, input;
  };
  // Of output `at`, counted from where the first input lies.
  static constexpr Taps taps_of(int at, int side, int stride, int inputs) {
    Taps t{at % stride, stride, side, at / stride};
    if (const int beyond = t.input - (inputs - 1); beyond > 0) {  // behind the last input
      t.first += beyond * stride;
      t.input -= beyond;
    }
    if (const int places = t.first + (t.input + 1) * stride; places < t.end) t.end = places;
    return t;
  }

  // acc + sum((x - zero) * w), in order; four at a time, as dot.
  static constexpr typename N::Acc centred(const std::byte* in, const std::byte* w, int count,
                                           typename N::Term zero, typename N::Acc acc) {
    constexpr int size = sizeof(T), step = N::weight_size;
    auto add = [&](int i) {
      acc += N::product(load<T>(in + i * size) - zero, load<typename N::Weight>(w + i * step));
    };
    for (; count >= 4; count -= 4, in += 4 * size, w += 4 * step) {
      add(0);
      add(1);
      add(2);
      add(3);
    }
    for (; count > 0; --count, in += size, w += step) add(0);
    return acc;
  }

  static constexpr typename N::Acc sum(const Task& t, const std::byte* const* last_row,
                                       const Taps& rows, const Taps& columns, const std::byte* w,
                                       typename N::Acc acc) {
    constexpr int size = sizeof(T);
    const int pixel = t.in_channels * size, weights = t.in_channels * N::weight_size;
    const auto zero = static_cast<typename N::Term>(t.in_zero);
    int back = 0;  // an index: pointers do not go before the first
    for (int i = rows.first; i < rows.end; i += rows.step, --back) {
      const std::byte* const row = last_row[back];
      if (row == nullptr) continue;
      int x = columns.input;
      for (int j = columns.first; j < columns.end; j += columns.step, --x) {
        const std::byte* in = row + x * pixel;
        const std::byte* tap = w + (i * t.filter_width + j) * weights;
        acc = centred(in, tap, t.in_channels, zero, acc);
      }
    }
    return acc;
  }

  static constexpr void run(const Task& task, const Band& band) {
    Task t = task;
    const int height = load_aligned<std::int32_t>(t.stream);
    const int stride = load_aligned<std::int32_t>(t.stream + 4);
    const int top = load_aligned<std::int32_t>(t.stream + 8);
    t.stream += 12;
    const N channels(t);
    const int filter = height * t.filter_width * t.in_channels * N::weight_size;
    const Taps rows{(band.step + top) % stride, stride, height, 0};
    std::byte* out = band.out[0];
    for (int x = 0; x < t.out_width; ++x, out += t.out_channels * static_cast<int>(sizeof(T))) {
      const Taps columns = taps_of(x + t.left, t.filter_width, t.stride_width, t.in_width);
      const std::byte* w = channels.weights();
      for (int o = 0; o < t.out_channels; ++o, w += filter)
        channels.finish(out, o,
                        sum(t, band.rows + t.rows - 1, rows, columns, w, channels.start(o)));
    }
  }
};

}  // namespace graven::core::scalar_isa
