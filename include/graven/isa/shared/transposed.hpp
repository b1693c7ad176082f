// Transposed convolutions as convolutions: outputs whose places have the same remainders by the
// strides are one of stride 1, with every so many rows and columns of the filter, turned round.
#pragma once

#include "graven/kernel/fold.hpp"
#include "graven/kernel/task.hpp"
#include "graven/layers/transpose_conv2d.hpp"

namespace graven::core {

struct TransposedShape {
  Extent filter, stride;
  int inputs, outputs, top;

  constexpr TransposedShape(const GraphView& g, const Value& v)
      : filter(v.options.get<TransposeConvOptions>().filter_height, v.filter.width),
        stride(v.options.get<TransposeConvOptions>().stride_height, v.stride.width),
        inputs(g.input(v).shape.channels), outputs(v.shape.channels),
        top(v.options.get<TransposeConvOptions>().top) {}

  // Places of a side that leave a remainder.
  static constexpr int places(int side, int step, int remainder) {
    return remainder < side ? (side - 1 - remainder) / step + 1 : 0;
  }
  // Of the convolution; where no part of the filter reaches an output, a pixel for nothing.
  constexpr int rows(int r) const {
    return r < filter.height ? places(filter.height, stride.height, r) : 1;
  }
  constexpr int columns(int c) const {
    return c < filter.width ? places(filter.width, stride.width, c) : 1;
  }
  constexpr int taps(int r, int c) const { return rows(r) * columns(c) * inputs; }

  // Tap k of the convolution's filter, in the order of the input; 0 beyond.
  constexpr int weight(const Value& v, const Parameters& p, int r, int c, int o, int k) const {
    if (r >= filter.height || c >= filter.width || k >= taps(r, c)) return 0;
    const int pixel = k / inputs, y = rows(r) - 1 - pixel / columns(c),
              x = columns(c) - 1 - pixel % columns(c);
    const int tap = (r + y * stride.height) * filter.width + c + x * stride.width;
    return p.filter.int8[v.weights.index(o, tap * inputs + k % inputs)];
  }
  // The channel with the bias of that part of its filter.
  constexpr Channel channel(const GraphView& g, const Value& v, const Parameters& p, int r, int c,
                            int o) const {
    Channel found = fold(g, v, p, o);
    int sum = 0;
    for (int k = 0; k < taps(r, c); ++k) sum += weight(v, p, r, c, o, k);
    found.bias = found.plain_bias - g.source(v).quant.zero_point * sum;
    return found;
  }
};

// The outputs of a row whose column leaves remainder c, `count` of them from column `first` on.
struct TransposedPart {
  Task task;
  Band band;
  int first, count;

  TransposedPart(const TransposedShape& shape, const Task& t, const Band& all, int r, int c)
      : task(t), band(all),
        first((c - t.left % shape.stride.width + shape.stride.width) % shape.stride.width),
        count(t.out_width > first ? (t.out_width - first - 1) / shape.stride.width + 1 : 0) {
    const int width = shape.columns(c);
    band.rows += t.rows - shape.rows(r);
    task.rows = static_cast<std::uint16_t>(shape.rows(r));
    task.filter_width = static_cast<std::uint16_t>(width);
    task.stride_width = task.dilation_width = 1;
    task.left = static_cast<std::int16_t>(width - 1 - (first + t.left) / shape.stride.width);
    task.out_width = static_cast<std::uint16_t>(count);
  }
};

}  // namespace graven::core
