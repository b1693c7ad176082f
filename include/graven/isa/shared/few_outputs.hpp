// Convolutions with one or two outputs and rows of few bytes: taps times weights where they lie,
// since a tile costs more to fill than so few outputs save by it.
#pragma once

#include "graven/isa/scalar/conv.hpp"
#include "graven/layers/conv2d.hpp"

namespace graven::core {

// Bytes of a window's row where they are so few that they are worth no loop, else 0.
constexpr int few_bytes(const GraphView& g, const Value& v) {
  const int bytes = v.filter.width * g.input(v).shape.channels;
  return v.dilation.width == 1 && bytes <= 16 ? bytes : 0;
}
template <class Core> constexpr bool takes_few_outputs(const Value& v, int few) {
  return v.shape.channels <= Core::few_outputs && few > 0 && v.filter.area() > 1 &&
         v.filter.height <= 4 && v.filter.height * few <= 16;
}

// Packing chooses: `proven` where the Core proves that its arithmetic takes every sum, or scalar's.
// A window has `height` rows of `few` bytes. A Core has `few_outputs`, the most outputs that it
// does so; `proves(graph, value, parameters)`; and `Finish(multiplier, zero_point)`, which makes an
// int8 of a sum.
template <class Core, int height, int few> struct FewOutputs {
  using General = scalar_isa::Conv<scalar_isa::Int8>;
  enum Program { proven, general };
  static constexpr int programs = 2;
  static constexpr bool holds_weights = true;

  static constexpr int scratch(const GraphView& g, const Value& v) {
    return General::scratch(g, v);
  }
  static constexpr int stream_size(const GraphView& g, const Value& v) {
    return General::stream_size(g, v);
  }
  static constexpr void pack(const GraphView& g, const Value& v, const Parameters& p, Writer& to) {
    to.program = Core::proves(g, v, p) ? proven : general;
    General::pack(g, v, p, to);
  }

  template <int program> static void run(const Task& task, const Band& band) {
    if constexpr (program != proven) {
      General::run(task, band);
    } else {
      const Task t = task;
      const bool complete = band.rows[0] != nullptr && band.rows[height - 1] != nullptr;
      const int last = complete ? t.in_width - t.filter_width : -1;
      std::byte* out = band.out[0];
      int x = 0, first = -t.left;
      auto edges = [&](int lowest) {
        for (; x < t.out_width && (first < 0 || first > lowest); ++x, first += t.stride_width)
          edge(t, band, first, out + x * t.out_channels);
      };
      edges(last);
      const int from = x, start = first;
      while (x < t.out_width && first <= last) ++x, first += t.stride_width;
      for (int o = 0; o < t.out_channels && x > from; ++o)
        inside(t, band, start, o, out + from * t.out_channels + o, out + x * t.out_channels + o);
      edges(-1);
    }
  }

  // One output of neighbouring pixels.
  [[gnu::noinline]] static void inside(const Task& task, const Band& band, int first, int o,
                                       std::byte* out, const std::byte* end) {
    const Task& t = task;
    const scalar_isa::Int8 channels(t);
    const std::byte* const weights = channels.weights() + o * height * few;
    int w[std::size_t{height * few}];
    const std::byte* rows[std::size_t{height}];
#pragma GCC unroll 16
    for (int i = 0; i < height * few; ++i) w[i] = load<std::int8_t>(weights + i);
#pragma GCC unroll 4
    for (int ky = 0; ky < height; ++ky) rows[ky] = band.rows[ky] + first * t.in_channels;
    const int bias = channels.start(o), step = t.stride_width * t.in_channels;
    const int next = t.out_channels;
    const typename Core::Finish finish(channels.scale(o), t.out_zero);
    for (; out != end; out += next) {
      int acc = bias;
#pragma GCC unroll 16
      for (int i = 0; i < height * few; ++i)
        acc += load<std::int8_t>(rows[i / few] + i % few) * w[i];
#pragma GCC unroll 4
      for (const std::byte*& row : rows) row += step;
      *out = static_cast<std::byte>(finish(acc));
    }
  }
  // Bytes beyond the input are its zero point.
  [[gnu::noinline]] static void edge(const Task& task, const Band& band, int first,
                                     std::byte* out) {
    const Task t = task;
    const scalar_isa::Int8 channels(t);
    const std::byte* w = channels.weights();
    const int from = first * t.in_channels, size = t.in_width * t.in_channels;
    for (int o = 0; o < t.out_channels; ++o) {
      std::int32_t acc = channels.start(o);
      for (int ky = 0; ky < height; ++ky) {
        const std::byte* row = band.rows[ky];
        for (int i = from; i < from + few; ++i) {
          const bool there = row != nullptr && i >= 0 && i < size;
          acc += (there ? load<std::int8_t>(row + i) : t.in_zero) * load<std::int8_t>(w++);
        }
      }
      const typename Core::Finish finish(channels.scale(o), t.out_zero);
      out[o] = static_cast<std::byte>(finish(acc));
    }
  }
};

}  // namespace graven::core
