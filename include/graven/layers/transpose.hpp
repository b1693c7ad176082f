// Transpose: out[i] = in[j] where axis a of the output is axis `from[a]` of the input
//
// TFLite's TRANSPOSE of height, width and channels: Transpose<1, 0, 2> exchanges height and width.
// An IndexMap: the quantization carries over. Where the height stays, rows stream; else a step
// reads all rows.
#pragma once

#include "graven/graph/index_map.hpp"

namespace graven::core {

template <int height, int width, int channels> struct Transpose {
  static constexpr const char* op = "TRANSPOSE";

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
    constexpr Shape out = output<in>();
    constexpr int strides[3] = {in.shape.row(), in.shape.channels, 1};
    using Map = IndexMap<out, 0, 0, Digit{out.height, strides[height]},
                         Digit{out.width, strides[width]}, Digit{out.channels, strides[channels]}>;
    return Map::template lower<in>(l, input);
  }

private:
  static constexpr bool is_axis(int axis) { return axis >= 0 && axis < 3; }
};

}  // namespace graven::core
