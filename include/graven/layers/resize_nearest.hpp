// ResizeNearest: out[y][x] = in[near(y)][near(x)]
//
// TFLite's RESIZE_NEAREST_NEIGHBOR, in float32 as its reference:
//   scale = in / out, or (in - 1) / (out - 1) with AlignCorners and out > 1
//   near(i) = min(floor((i + offset) * scale), in - 1); offset 0.5 with HalfPixelCenters, else 0;
//   AlignCorners rounds instead of flooring.
#pragma once

#include "graven/graph/network.hpp"
#include "graven/graph/resample.hpp"

namespace graven::core {

namespace op {
inline constexpr Op nearest{"nearest"};
}

template <int Height, int Width, bool AlignCorners = false, bool HalfPixelCenters = false>
struct ResizeNearest {
  static constexpr const char* op = "RESIZE_NEAREST_NEIGHBOR";

  template <At in> static constexpr Shape output() {
    static_assert((Height > 0 && Width > 0) ||
                      error::out_of_range<error::at_layer<in.layer>, error::in<ResizeNearest>,
                                          error::got<Height>, error::got<Width>>,
                  "ResizeNearest: height and width must be at least 1.");
    if (Height <= 0 || Width <= 0) return no_shape;
    return {Height, Width, in.shape.channels};
  }

  template <At in, class Lowering> static constexpr View lower(Lowering& l, View input) {
    input = l.with_rows(input, in.layer);
    Value v = l.begin(op::nearest, in.layer, output<in>(), input);
    v.quant = l.graph.values[input.value].quant;
    v.options.set(how);
    input.rows = listed(starts<in>);
    return l.add(v, input);
  }

private:
  static constexpr Resampling how{AlignCorners, HalfPixelCenters};
  template <At in>
  static constexpr auto starts = [] {
    std::array<std::uint16_t, static_cast<std::size_t>(Height)> rows{};
    for (int y = 0; y < Height; ++y)
      rows[static_cast<std::size_t>(y)] =
          static_cast<std::uint16_t>(nearest(y, in.shape.height, Height, how));
    return rows;
  }();
};

}  // namespace graven::core
