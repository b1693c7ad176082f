// Which pixels of x a window of three axes reads for a pixel of y, and which pixels of y have read
// a pixel of x: Conv3D one way and its gradient the other, TransposeConv2D the same two exchanged.
#pragma once

#include "graven/kernel/task.hpp"
#include "graven/layers/conv3d.hpp"
#include "graven/layers/transpose_conv2d.hpp"

namespace graven::core {

// `in` of an axis counts pixels of x, `out` those of y.
struct VolumeWindow {
  WindowAxis depth, height, width;

  static constexpr int numbers = 18;
  constexpr int taps() const { return depth.filter * height.filter * width.filter; }
};

// Of a Conv3D, or of the convolution that leads from a TransposeConv2D's output back to its input.
constexpr VolumeWindow volume_window(const GraphView& g, const Value& v, bool is_transposed) {
  const Shape x = g.input(v).shape, y = v.shape;
  if (is_transposed) {
    const auto o = v.options.get<TransposeConvOptions>();
    return {{},
            {y.height, x.height, o.filter_height, o.stride_height, 1, o.top},
            {y.width, x.width, v.filter.width, v.stride.width, 1, v.left}};
  }
  const VolumeRows rows = volume_rows(v, x);
  return {rows.depth,
          rows.height,
          {x.width, y.width, v.filter.width, v.stride.width, v.dilation.width, v.left}};
}

// Calls each(place, tap) for the taps of an axis that reach from index `at` of y, or `back` from
// one of x, to the other side.
template <bool back, class Each>
constexpr void each_tap_of(const WindowAxis& a, int at, Each each) {
  for (int k = 0; k < a.filter; ++k) {
    const int from = at + a.before - k * a.dilation;  // of x
    const int place = back ? from / a.stride : a.input(at, k);
    const bool meets = !back || (from >= 0 && from % a.stride == 0);
    if (meets && place >= 0 && place < (back ? a.out : a.in)) each(place, k);
  }
}

// The same for pixels: each(row, column, tap), of a pixel in row `row` and column `column`.
template <bool back, class Each>
constexpr void each_pair(const VolumeWindow& w, int row, int column, Each each) {
  const int height = back ? w.height.in : w.height.out;
  const int other = back ? w.height.out : w.height.in;
  each_tap_of<back>(w.depth, row / height, [&](int slice, int i) {
    each_tap_of<back>(w.height, row % height, [&](int y, int j) {
      each_tap_of<back>(w.width, column, [&](int x, int k) {
        each(slice * other + y, x, (i * w.height.filter + j) * w.width.filter + k);
      });
    });
  });
}

// The rows that each row's pixels meet, as a formula: its slope is the window's, its first row and
// their number such that none is left out.
template <bool back> constexpr Rows rows_met(const VolumeWindow& w) {
  const int there = w.depth.stride * w.height.in, here = w.height.out;
  const bool is_flat = w.depth.in == 1 && w.depth.out == 1;
  const int x_step = is_flat ? w.height.stride : there, y_step = is_flat ? 1 : here;
  Rows rows{.first = 0, .step = back ? y_step : x_step, .per = back ? x_step : y_step, .count = 1};
  const int steps = back ? w.depth.in * w.height.in : w.depth.out * w.height.out;
  const auto each_row = [&](auto each) {
    const VolumeWindow column{w.depth, w.height, {}};
    for (int s = 0; s < steps; ++s)
      each_pair<back>(column, s, 0, [&](int row, int, int) { each(s, row); });
  };
  bool any = false;
  each_row([&](int s, int row) {
    const int first = row * rows.per - s * rows.step;
    if (!any || first < rows.first) rows.first = first;
    any = true;
  });
  each_row([&](int s, int row) {
    const int count = row - rows.start(s) + 1;
    if (count > rows.count) rows.count = count;
  });
  return rows;
}

}  // namespace graven::core
