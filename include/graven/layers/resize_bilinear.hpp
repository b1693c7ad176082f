// ResizeBilinear: each output pixel is a weighted mean of its four nearest input pixels
//
// TFLite's RESIZE_BILINEAR. int8, int16: positions and weights with 10 fractional bits, the sum of
// four products with 20, rounded half away from zero (TFLM's ResizeBilinearInteger).
#pragma once

#include "graven/graph/network.hpp"
#include "graven/graph/resample.hpp"

namespace graven::core {

namespace op {
inline constexpr Op bilinear{"bilinear", Trait::numbered};
}

template <int Height, int Width, bool AlignCorners = false, bool HalfPixelCenters = false>
struct ResizeBilinear {
  static constexpr const char* op = "RESIZE_BILINEAR";

  template <At in> static constexpr Shape output() {
    static_assert((Height > 0 && Width > 0) ||
                      error::out_of_range<error::at_layer<in.layer>, error::in<ResizeBilinear>,
                                          error::got<Height>, error::got<Width>>,
                  "ResizeBilinear: height and width must be at least 1.");
    static_assert(!(AlignCorners && HalfPixelCenters),
                  "ResizeBilinear: AlignCorners and HalfPixelCenters exclude each other.");
    if (Height <= 0 || Width <= 0) return no_shape;
    return {Height, Width, in.shape.channels};
  }

  template <At in, class Lowering> static constexpr View lower(Lowering& l, View input) {
    input = l.with_rows(input, in.layer);
    Value v = l.begin(op::bilinear, in.layer, output<in>(), input);
    v.quant = l.graph.values[input.value].quant;
    v.options.set(how);
    input.rows = listed(v.element == Element::float32 ? starts<in, true> : starts<in, false>, 2);
    return l.add(v, input);
  }

private:
  static constexpr Resampling how{AlignCorners, HalfPixelCenters};
  template <At in, bool real>
  static constexpr auto starts = [] {
    std::array<std::uint16_t, static_cast<std::size_t>(Height)> rows{};
    for (int y = 0; y < Height; ++y)
      rows[static_cast<std::size_t>(y)] =
          static_cast<std::uint16_t>(real ? between_float(y, in.shape.height, Height, how).low
                                          : between(y, in.shape.height, Height, how).low);
    return rows;
  }();
};

}  // namespace graven::core
