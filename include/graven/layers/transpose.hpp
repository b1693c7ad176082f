// Transpose: out[i] = in[j] where axis a of the output is axis `from[a]` of the input
//
// TFLite's TRANSPOSE of height, width and channels: Transpose<1, 0, 2> exchanges height and width.
// The quantization carries over. Where the height stays, rows stream; else a step reads all rows.
#pragma once

#include "graven/graph/network.hpp"

namespace graven::core {

namespace op {
inline constexpr Op transpose{"transpose"};
}

struct TransposeOptions {
  int from[3] = {0, 1, 2};  // the input's axis of each axis of the output
};

template <int height, int width, int channels> struct Transpose {
  static constexpr const char* op = "TRANSPOSE";
  static constexpr int from[3] = {height, width, channels};

  template <At in> static constexpr Shape output() {
    constexpr bool permutes = is_axis(height) && is_axis(width) && is_axis(channels) &&
                              height != width && width != channels && height != channels;
    static_assert(permutes || error::out_of_range<error::at_layer<in.layer>, error::in<Transpose>>,
                  "Transpose: the three numbers must be 0, 1 and 2 in some order: which axis of "
                  "the input (height, width, channels) becomes the output's height, width and "
                  "channels.");
    if constexpr (!permutes) {
      return no_shape;
    } else {
      const int extents[3] = {in.shape.height, in.shape.width, in.shape.channels};
      return {extents[height], extents[width], extents[channels]};
    }
  }

  template <At in, class Lowering> static constexpr View lower(Lowering& l, View input) {
    input = l.with_rows(input, in.layer);
    Value v = l.begin(core::op::transpose, in.layer, output<in>(), input);
    v.quant = l.graph.values[input.value].quant;
    v.options.set(TransposeOptions{{height, width, channels}});
    if (height != 0) input.rows = {.first = 0, .step = 0, .count = in.shape.height};
    return l.add(v, input);
  }

private:
  static constexpr bool is_axis(int axis) { return axis >= 0 && axis < 3; }
};

}  // namespace graven::core
