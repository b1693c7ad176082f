// How a gradient goes back through windows: row kernels, from dL/dy to dL/dx.
#pragma once

#include "graven/graph/training.hpp"
#include "graven/isa/scalar/training/sums.hpp"
#include "graven/kernel/prefer.hpp"

#include <limits>

namespace graven::core::scalar_isa {

// Back through windows. Stream: WindowOptions; int32 height of y.
struct Windows : PlainKernel {
  static constexpr int stream_size(const GraphView&, const Value&) { return 36; }
  static constexpr void pack(const GraphView& g, const Value& v, const Parameters&, Writer& to) {
    const auto w = v.options.get<WindowOptions>();
    for (const std::int32_t number : {w.height, w.width, w.row_stride, w.column_stride,
                                      w.row_dilation, w.column_dilation, w.top, w.left})
      to.put(number);
    to.put<std::int32_t>(g.input(v).shape.height);
  }
  static constexpr WindowOptions window(const Task& t) {
    Reader from{t.stream};
    WindowOptions w{};
    for (std::int32_t* number : {&w.height, &w.width, &w.row_stride, &w.column_stride,
                                 &w.row_dilation, &w.column_dilation, &w.top, &w.left})
      *number = from.next<std::int32_t>();
    return w;
  }
  // Calls tap(row of g at its pixel, number of the tap, pixel of the output row) for each pair.
  template <class Tap>
  static constexpr void each_tap(const Task& t, const Band& band, const WindowOptions& w, Tap tap) {
    const int start = floor_div(w.top - w.span() + w.row_stride + band.step, w.row_stride);
    for (int i = 0; i < t.rows; ++i) {
      const int reach = band.step + w.top - (start + i) * w.row_stride;  // row of the window
      const bool covers = reach >= 0 && reach < w.span() && reach % w.row_dilation == 0;
      if (band.rows[i] == nullptr || !covers) continue;
      const std::byte* g = band.rows[i];
      for (int out = 0; out < t.in_width; ++out, g += 4 * t.in_channels)
        for (int k = 0; k < w.width; ++k) {
          const int x = out * w.column_stride - w.left + k * w.column_dilation;
          if (x >= 0 && x < t.out_width) tap(g, reach / w.row_dilation * w.width + k, x);
        }
    }
  }
};

struct ConvGradient : Windows {
  static constexpr const char* name = "training.conv_gradient";
  static constexpr bool serves(const GraphView& g, int value) {
    return makes<float>(g, value, op::conv_gradient);
  }
  static constexpr void run(const Task& task, const Band& band) {
    const Task t = task;
    const WindowOptions w = window(t);
    const std::byte* weights = band.rows[t.rows];
    const int filter = 4 * w.height * w.width * t.out_channels;  // bytes of an output's
    clear(band.out[0], t.out_width * t.out_channels);
    each_tap(t, band, w, [&](const std::byte* g, int tap, int x) {
      std::byte* const to = band.out[0] + 4 * x * t.out_channels;
      const std::byte* from = weights + 4 * tap * t.out_channels;
      for (int o = 0; o < t.in_channels; ++o, from += filter)
        add_scaled(to, from, t.out_channels, load<float>(g + 4 * o));
    });
  }
};

struct DepthwiseGradient : Windows {
  static constexpr const char* name = "training.depthwise_gradient";
  static constexpr bool serves(const GraphView& g, int value) {
    return makes<float>(g, value, op::depthwise_gradient);
  }
  static constexpr void run(const Task& task, const Band& band) {
    const Task t = task;
    const WindowOptions w = window(t);
    const std::byte* weights = band.rows[t.rows];
    const int multiplier = t.in_channels / t.out_channels;
    clear(band.out[0], t.out_width * t.out_channels);
    each_tap(t, band, w, [&](const std::byte* g, int tap, int x) {
      std::byte* const to = band.out[0] + 4 * x * t.out_channels;
      const std::byte* from = weights + 4 * tap * t.in_channels;
      for (int o = 0; o < t.in_channels; ++o)
        add(to + 4 * (o / multiplier), load<float>(g + 4 * o) * load<float>(from + 4 * o));
    });
  }
};

// To the first of the largest elements of each window. x: all rows that share a window with this
// one, from height - 1 above to as many below.
struct MaxPoolGradient : Windows {
  static constexpr const char* name = "training.max_pool_gradient";
  static constexpr bool serves(const GraphView& g, int value) {
    return makes<float>(g, value, op::max_pool_gradient);
  }
  struct Place {
    int row, column;
  };
  // Of channel c in the window whose first row is x[0].
  static constexpr Place largest(const Task& t, const WindowOptions& w, const std::byte* const* x,
                                 int first, int c) {
    Place place{0, 0};
    float most = -std::numeric_limits<float>::infinity();
    for (int row = 0; row < w.height; ++row)
      for (int k = 0; x[row] != nullptr && k < w.width; ++k) {
        const int column = first + k;
        if (column < 0 || column >= t.out_width) continue;
        const float at = load<float>(x[row] + 4 * (column * t.out_channels + c));
        if (at > most) {
          most = at;
          place = {row, column};
        }
      }
    return place;
  }
  static constexpr void run(const Task& task, const Band& band) {
    const Task t = task;
    const WindowOptions w = window(t);
    const int channels = t.out_channels;
    clear(band.out[0], t.out_width * channels);
    const int start = floor_div(w.top - w.height + w.row_stride + band.step, w.row_stride);
    for (int i = 0; i < t.rows; ++i) {
      const int reach = band.step + w.top - (start + i) * w.row_stride;
      if (band.rows[i] == nullptr || reach < 0 || reach >= w.height) continue;
      const std::byte* const* x = band.rows + t.rows + (w.height - 1 - reach);
      const std::byte* g = band.rows[i];
      for (int out = 0; out < t.in_width; ++out)
        for (int c = 0; c < channels; ++c, g += 4) {
          const Place place = largest(t, w, x, out * w.column_stride - w.left, c);
          if (place.row == reach)
            add(band.out[0] + 4 * (place.column * channels + c), load<float>(g));
        }
    }
  }
};

// To all elements of each window alike; padding does not count.
struct AverageGradient : Windows {
  static constexpr const char* name = "training.average_gradient";
  static constexpr bool serves(const GraphView& g, int value) {
    return makes<float>(g, value, op::average_gradient);
  }
  static constexpr int stream_size(const GraphView& g, const Value& v) {
    return Windows::stream_size(g, v) + 4;  // int32 height of x
  }
  static constexpr void pack(const GraphView& g, const Value& v, const Parameters& p, Writer& to) {
    Windows::pack(g, v, p, to);
    to.put<std::int32_t>(v.shape.height);
  }
  static constexpr int inside(int first, int count, int size) {
    const int end = first + count < size ? first + count : size;
    return end - (first < 0 ? 0 : first);
  }
  static constexpr void run(const Task& task, const Band& band) {
    const Task t = task;
    const WindowOptions w = window(t);
    const int height = load_aligned<std::int32_t>(t.stream + 36);
    clear(band.out[0], t.out_width * t.out_channels);
    const int start = floor_div(w.top - w.height + w.row_stride + band.step, w.row_stride);
    for (int i = 0; i < t.rows; ++i) {
      const int first = (start + i) * w.row_stride - w.top, reach = band.step - first;
      if (band.rows[i] == nullptr || reach < 0 || reach >= w.height) continue;
      const std::byte* g = band.rows[i];
      for (int out = 0; out < t.in_width; ++out, g += 4 * t.out_channels) {
        const int left = out * w.column_stride - w.left;
        const int count = inside(first, w.height, height) * inside(left, w.width, t.out_width);
        for (int x = left < 0 ? 0 : left; x < left + w.width && x < t.out_width; ++x)
          add_scaled(band.out[0] + 4 * x * t.out_channels, g, t.out_channels,
                     1 / static_cast<float>(count));
      }
    }
  }
};

}  // namespace graven::core::scalar_isa
