// Row kernels of the resizes; which input rows a step reads is the layer's business.
#pragma once

#include "graven/graph/resample.hpp"
#include "graven/kernel/prefer.hpp"
#include "graven/layers/resize_bilinear.hpp"
#include "graven/layers/resize_nearest.hpp"

#include <type_traits>

namespace graven::core::scalar_isa {

// Stream: int32 bytes of a pixel, then per output column uint16 input column.
struct Nearest : PlainKernel {
  static constexpr const char* name = "scalar.nearest";
  static constexpr bool serves(const GraphView& g, int value) {
    return makes(g, value, op::nearest);
  }
  static constexpr int stream_size(const GraphView&, const Value& v) {
    return 4 + 2 * v.shape.width;
  }
  static constexpr void pack(const GraphView& g, const Value& v, const Parameters&, Writer& to) {
    to.put<std::int32_t>(v.shape.channels * size_of(v.element));
    for (int x = 0; x < v.shape.width; ++x)
      to.put(static_cast<std::uint16_t>(
          nearest(x, g.input(v).shape.width, v.shape.width, v.options.get<Resampling>())));
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

// Positions are floats. Stream: per output column the position (uint16 low, uint16 high, part),
// then per output row 0 or 1 (is the lower row another one?), part.
struct BilinearFloat32 : PlainKernel {
  static constexpr const char* name = "scalar.bilinear";
  static constexpr bool serves(const GraphView& g, int value) {
    return makes<float>(g, value, op::bilinear);
  }
  static constexpr int column_bytes = 8, row_bytes = 8;

  static constexpr int stream_size(const GraphView&, const Value& v) {
    return column_bytes * v.shape.width + row_bytes * v.shape.height;
  }
  static constexpr void pack(const GraphView& g, const Value& v, const Parameters&, Writer& to) {
    const Shape in = g.input(v).shape;
    auto position = [&](int i, int from, int out) {
      return between_float(i, from, out, v.options.get<Resampling>());
    };
    for (int x = 0; x < v.shape.width; ++x) {
      const BetweenFloat at = position(x, in.width, v.shape.width);
      to.put(static_cast<std::uint16_t>(at.low));
      to.put(static_cast<std::uint16_t>(at.high));
      to.put(at.part);
    }
    for (int y = 0; y < v.shape.height; ++y) {
      const BetweenFloat at = position(y, in.height, v.shape.height);
      to.put(std::int32_t{at.high != at.low});
      to.put(at.part);
    }
  }

  // The weighted mean of four elements.
  static constexpr float blend(const float (&corner)[4], float down, float right) {
    return corner[0] * (1 - down) * (1 - right) + corner[1] * down * (1 - right) +
           corner[2] * (1 - down) * right + corner[3] * down * right;
  }

  static constexpr void run(const Task& task, const Band& band) {
    const Task t = task;
    Reader vertical{t.stream + column_bytes * t.out_width + row_bytes * band.step};
    const bool two_rows = vertical.next<std::int32_t>() != 0;
    const auto down = vertical.next<float>();
    const std::byte* upper = band.rows[0];
    const std::byte* lower = two_rows ? band.rows[1] : upper;
    Reader horizontal{t.stream};
    std::byte* out = band.out[0];
    for (int x = 0; x < t.out_width; ++x) {
      const int left = horizontal.next<std::uint16_t>() * t.in_channels;
      const int right = horizontal.next<std::uint16_t>() * t.in_channels;
      const auto part = horizontal.next<float>();
      for (int c = 0; c < t.in_channels; ++c, out += 4) {
        auto at = [&](const std::byte* row, int pixel) {
          return load<float>(row + (pixel + c) * 4);
        };
        const float corner[4] = {at(upper, left), at(lower, left), at(upper, right),
                                 at(lower, right)};
        store(out, blend(corner, down, part));
      }
    }
  }
};

// One or two output pixels between the same four of the input: the left one in both rows, how many
// bytes away the right one is, and distances from the left and upper one.
struct Corners {
  const std::byte *upper, *lower;
  int right, channels;
  int down, first, second;
};

// Weights add up to 2^20, so that no sum exceeds 2^27, of int16 2^35; it is rounded half away from
// zero.
template <class T> struct Blend {
  using Element = T;
  using Sum = std::conditional_t<sizeof(T) == 1, std::int32_t, std::int64_t>;
  static constexpr const char* name = "scalar.bilinear";
  template <bool two> static constexpr void run(const Corners& corners, std::byte* out) {
    const Corners at = corners;
    const std::byte *upper = at.upper, *lower = at.lower;
    auto blend = [](Sum a, Sum b, int part) { return a * (1024 - part) + b * part; };
    auto put = [](std::byte* to, Sum sum) {
      store(to, static_cast<T>((sum + (sum >> (8 * sizeof(Sum) - 1)) + (1 << 19)) >> 20));
    };
    constexpr int size = sizeof(T);
    for (std::byte* const end = out + at.channels; out != end;
         upper += size, lower += size, out += size) {
      const Sum left = blend(load<T>(upper), load<T>(lower), at.down);
      const Sum right = blend(load<T>(upper + at.right), load<T>(lower + at.right), at.down);
      put(out, blend(left, right, at.first));
      if constexpr (two) put(out + at.channels, blend(left, right, at.second));
    }
  }
};

// Positions are in 1/1024. Stream: per output column the left pixel and the distance from it
// (uint16 each), then per output row the distance from the upper row (int32). A distance of 0 means
// that there is no other pixel or row: the position is on one, or beyond the last one.
template <class Pixels> struct BilinearIntegers : PlainKernel {
  static constexpr const char* name = Pixels::name;
  using Element = typename Pixels::Element;
  static constexpr bool serves(const GraphView& g, int value) {
    return makes<Element>(g, value, op::bilinear);
  }
  static constexpr int stream_size(const GraphView&, const Value& v) {
    return 4 * (v.shape.width + v.shape.height);
  }
  static constexpr int distance(Between at) { return at.high == at.low ? 0 : at.part; }
  static constexpr void pack(const GraphView& g, const Value& v, const Parameters&, Writer& to) {
    const Shape in = g.input(v).shape;
    auto position = [&](int i, int from, int out) {
      return between(i, from, out, v.options.get<Resampling>());
    };
    for (int x = 0; x < v.shape.width; ++x) {
      const Between at = position(x, in.width, v.shape.width);
      to.put(static_cast<std::uint16_t>(at.low));
      to.put(static_cast<std::uint16_t>(distance(at)));
    }
    for (int y = 0; y < v.shape.height; ++y)
      to.put(std::int32_t{distance(position(y, in.height, v.shape.height))});
  }

  static constexpr void run(const Task& task, const Band& band) {
    const int channels = task.in_channels * static_cast<int>(sizeof(Element));  // in bytes
    const std::byte* column = task.stream;
    const std::byte* const last = column + 4 * (task.out_width - 1);
    const auto down = load_aligned<std::int32_t>(last + 4 + 4 * band.step);
    const std::byte* const upper = band.rows[0];
    const std::byte* const lower = down != 0 ? band.rows[1] : upper;
    auto left_of = [](const std::byte* at) { return load_aligned<std::uint16_t>(at); };
    auto part_of = [](const std::byte* at) { return load_aligned<std::uint16_t>(at + 2); };
    std::byte* out = band.out[0];
    for (; column <= last; column += 4, out += channels) {
      const int left = left_of(column) * channels, first = part_of(column);
      const bool two = column != last && left_of(column + 4) == left_of(column);
      const int second = two ? part_of(column + 4) : 0;
      const int right = (first | second) != 0 ? channels : 0;
      const Corners corners{upper + left, lower + left, right, channels, down, first, second};
      if (two) {
        Pixels::template run<true>(corners, out);
        column += 4;
        out += channels;
      } else {
        Pixels::template run<false>(corners, out);
      }
    }
  }
};

}  // namespace graven::core::scalar_isa
