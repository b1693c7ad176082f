// Row kernels of the resizes; which input rows a step reads is the layer's business.
#pragma once

#include "graven/kernel.hpp"
#include "graven/resample.hpp"

namespace graven::scalar_isa {

// Stream: int32 bytes of a pixel, then per output column uint16 input column.
struct Nearest : PlainKernel {
  static constexpr int stream_size(const GraphView&, const Value& v) {
    return 4 + 2 * v.shape.width;
  }
  static constexpr void pack(const GraphView& g, const Value& v, const Parameters&, Writer& to) {
    to.put<std::int32_t>(v.shape.channels * size_of(v.element));
    for (int x = 0; x < v.shape.width; ++x)
      to.put(static_cast<std::uint16_t>(nearest(x, g.input(v).shape.width, v.shape.width,
                                                v.align_corners, v.half_pixel_centers)));
  }
  static constexpr void run(const Task& task, const Band& band) {
    Reader from{task.stream};
    const int pixel = from.next<std::int32_t>(), width = task.out_width;
    const std::byte* row = band.rows[0];
    std::byte* out = band.out[0];
    for (int x = 0; x < width; ++x, out += pixel)
      copy_bytes(out, row + from.next<std::uint16_t>() * pixel, pixel);
  }
};

// int8 positions are in 1/1024, float ones are floats. Stream: per output column the position
// (uint16 low, uint16 high, part), then per output row 0 or 1 (is the upper row another one?),
// part.
template <class T> struct Bilinear : PlainKernel {
  static constexpr bool real = std::is_same_v<T, float>;
  using Part = std::conditional_t<real, float, std::int32_t>;
  static constexpr int column_bytes = 8, row_bytes = 8;

  static constexpr int stream_size(const GraphView&, const Value& v) {
    return column_bytes * v.shape.width + row_bytes * v.shape.height;
  }
  static constexpr auto position(int i, int in, int out, const Value& v) {
    if constexpr (real)
      return between_float(i, in, out, v.align_corners, v.half_pixel_centers);
    else
      return between(i, in, out, v.align_corners, v.half_pixel_centers);
  }
  static constexpr void pack(const GraphView& g, const Value& v, const Parameters&, Writer& to) {
    const Shape in = g.input(v).shape;
    for (int x = 0; x < v.shape.width; ++x) {
      const auto at = position(x, in.width, v.shape.width, v);
      to.put(static_cast<std::uint16_t>(at.low));
      to.put(static_cast<std::uint16_t>(at.high));
      to.put(static_cast<Part>(at.part));
    }
    for (int y = 0; y < v.shape.height; ++y) {
      const auto at = position(y, in.height, v.shape.height, v);
      to.put(std::int32_t{at.high != at.low});
      to.put(static_cast<Part>(at.part));
    }
  }

  // The weighted mean of four elements; int8: Q20, rounded half away from zero. Parts are less than
  // 1024 in size: the sum stays below 2^29.
  static constexpr T blend(const T (&corner)[4], Part down, Part right) {
    if constexpr (real) {
      return corner[0] * (1 - down) * (1 - right) + corner[1] * down * (1 - right) +
             corner[2] * (1 - down) * right + corner[3] * down * right;
    } else {
      const std::int32_t sum = corner[0] * (1024 - down) * (1024 - right) +
                               corner[1] * down * (1024 - right) +
                               corner[2] * (1024 - down) * right + corner[3] * down * right;
      return static_cast<T>((sum + (sum > 0 ? 1 << 19 : -(1 << 19))) / (1 << 20));
    }
  }

  static constexpr void run(const Task& task, const Band& band) {
    const Task t = task;
    Reader vertical{t.stream + column_bytes * t.out_width + row_bytes * band.step};
    const bool two_rows = vertical.next<std::int32_t>() != 0;
    const Part down = vertical.next<Part>();
    const std::byte* upper = band.rows[0];
    const std::byte* lower = two_rows ? band.rows[1] : upper;
    Reader horizontal{t.stream};
    std::byte* out = band.out[0];
    for (int x = 0; x < t.out_width; ++x) {
      const int left = horizontal.next<std::uint16_t>() * t.in_channels;
      const int right = horizontal.next<std::uint16_t>() * t.in_channels;
      const Part part = horizontal.next<Part>();
      for (int c = 0; c < t.in_channels; ++c, out += sizeof(T)) {
        auto at = [&](const std::byte* row, int pixel) {
          return load<T>(row + (pixel + c) * static_cast<int>(sizeof(T)));
        };
        const T corner[4] = {at(upper, left), at(lower, left), at(upper, right), at(lower, right)};
        store(out, blend(corner, down, part));
      }
    }
  }
};

}  // namespace graven::scalar_isa
