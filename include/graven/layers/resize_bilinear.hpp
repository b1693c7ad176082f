// ResizeBilinear: each output pixel is a weighted mean of its four nearest input pixels
//
// TFLite's RESIZE_BILINEAR. int8: positions and weights with 10 fractional bits, the sum of four
// products with 20, rounded half away from zero (TFLM's ResizeBilinearInteger).
#pragma once

#include "graven/graph/network.hpp"
#include "graven/graph/resample.hpp"

namespace graven {

namespace op {
inline constexpr Op bilinear{"bilinear"};
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
    return {Height, Width, in.shape.channels};
  }

  template <At in, class Lowering> static constexpr View lower(Lowering& l, View input) {
    input = l.with_rows(input, in.layer);
    Value v = l.begin(op::bilinear, in.layer, output<in>(), input);
    v.quant = l.graph.values[input.value].quant;
    v.options.set(Resampling{AlignCorners, HalfPixelCenters});
    v.rows.count = 2;
    v.rows.start = [](const Value& value, const View* inputs, int, int step) {
      const int in_height = inputs[0].shape.height, out = value.shape.height;
      return value.element == Element::float32
                 ? between_float(step, in_height, out, value.options.get<Resampling>()).low
                 : between(step, in_height, out, value.options.get<Resampling>()).low;
    };
    return l.add(v, input);
  }
};

}  // namespace graven
