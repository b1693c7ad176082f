// How a gradient goes back through a layer: row kernels, from dL/dy to dL/dx.
#pragma once

#include "graven/graph/training.hpp"
#include "graven/isa/scalar/training/sums.hpp"
#include "graven/kernel/prefer.hpp"

namespace graven::core::scalar_isa {

// Through a clamp: where y lies strictly inside. Stream: float low, high.
struct ClampGradient : PlainKernel {
  static constexpr const char* name = "training.clamp_gradient";
  static constexpr bool serves(const GraphView& g, int value) {
    return makes<float>(g, value, op::clamp_gradient);
  }
  static constexpr int stream_size(const GraphView&, const Value&) { return 8; }
  static constexpr void pack(const GraphView&, const Value& v, const Parameters&, Writer& to) {
    const RealClamp range = real_range(v.activation);
    to.put(range.low);
    to.put(range.high);
  }
  static constexpr void run(const Task& task, const Band& band) {
    const float low = load_aligned<float>(task.stream), high = load_aligned<float>(task.stream + 4);
    const std::byte *g = band.rows[0], *y = band.rows[task.rows];
    std::byte* out = band.out[0];
    for (int i = task.out_width * task.out_channels; i > 0; --i, g += 4, y += 4, out += 4) {
      const float at = load<float>(y);
      store(out, at > low && at < high ? load<float>(g) : 0.0f);
    }
  }
};

// Through a function of every element, by its slope at x.
template <float (*slope)(float)> struct MapGradient : PlainKernel {
  static constexpr void run(const Task& task, const Band& band) {
    const std::byte *g = band.rows[0], *x = band.rows[task.rows];
    std::byte* out = band.out[0];
    for (int i = task.out_width * task.out_channels; i > 0; --i, g += 4, x += 4, out += 4)
      store(out, load<float>(g) * slope(load<float>(x)));
  }
};
struct MapGradients {
  static constexpr const char* name = "training.map_gradient";
  static constexpr bool serves(const GraphView& g, int value) {
    return makes<float>(g, value, op::map_gradient);
  }
  template <const auto& graph, int value> static constexpr auto kernel() {
    return MapGradient<graph.values[value].function.real>{};
  }
};

// y = softmax(x): dx = y * (g - the sum of g * y), pixel by pixel.
struct SoftmaxGradient : PlainKernel {
  static constexpr const char* name = "training.softmax_gradient";
  static constexpr bool serves(const GraphView& g, int value) {
    return makes<float>(g, value, op::softmax_gradient);
  }
  static constexpr void run(const Task& task, const Band& band) {
    const int classes = task.out_channels;
    const std::byte *g = band.rows[0], *y = band.rows[task.rows];
    std::byte* out = band.out[0];
    for (int x = 0; x < task.out_width; ++x, g += 4 * classes, y += 4 * classes) {
      const float mean = product(g, y, classes);
      for (int c = 0; c < classes; ++c, out += 4)
        store(out, load<float>(y + 4 * c) * (load<float>(g + 4 * c) - mean));
    }
  }
};

// Pixel by pixel: the sum over the outputs of g[o] * weights[o].
struct DenseGradient : PlainKernel {
  static constexpr const char* name = "training.dense_gradient";
  static constexpr bool serves(const GraphView& g, int value) {
    return makes<float>(g, value, op::dense_gradient);
  }
  static constexpr void run(const Task& task, const Band& band) {
    const Task t = task;
    const int taps = t.out_width * t.out_channels / t.in_width;
    const std::byte* g = band.rows[0];
    std::byte* out = band.out[0];
    clear(out, t.in_width * taps);
    for (int x = 0; x < t.in_width; ++x, out += 4 * taps, g += 4 * t.in_channels)
      add_rows(out, band.rows[1], taps, g, t.in_channels);
  }
};

}  // namespace graven::core::scalar_isa
