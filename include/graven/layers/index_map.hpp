// Slice, Pad, Reverse, Tile, SpaceToDepth, DepthToSpace: elements go elsewhere, nothing is computed
//
// Names for index maps (graph/index_map.hpp); the quantization carries over. Rows stream, and a
// Slice of neighbouring rows copies nothing.
#pragma once

#include "graven/graph/index_map.hpp"

namespace graven::core {

// TFLite's STRIDED_SLICE along one axis: out[i] = in[first + i * step], `count` of them. A negative
// step goes backwards.
template <Axis axis, int first, int count, int step = 1> struct Slice {
  static constexpr const char* op = "STRIDED_SLICE";

  template <At in> static constexpr Shape output() {
    constexpr int extent = extent_along(in.shape, axis),
                  last = saturated(first + (std::int64_t{count} - 1) * step);
    constexpr bool fits = count > 0 && first >= 0 && first < extent && last >= 0 && last < extent;
    static_assert(fits || error::out_of_range<error::at_layer<in.layer>, error::in<Slice>,
                                              error::expected<extent>, error::got<last>>,
                  "Slice: its first or last element is outside of the axis, or it has none.");
    return fits ? with_extent(in.shape, axis, count) : no_shape;
  }
  template <At in, class Lowering> static constexpr View lower(Lowering& l, View input) {
    constexpr Shape s = in.shape, out = output<in>();
    constexpr std::int64_t far = step;  // of one element any step will do
    constexpr int row = saturated(s.row() * (axis == Axis::height ? far : 1));
    constexpr int pixel = saturated(s.channels * (axis == Axis::width ? far : 1));
    constexpr int element = saturated(axis == Axis::channels ? far : 1);
    using Map = IndexMap<out, first * stride_along(s, axis), 0, Digit{out.height, row},
                         Digit{out.width, pixel}, Digit{out.channels, element}>;
    return Map::template lower<in>(l, input);
  }
};

// TFLite's PAD: so many rows, pixels and channels of real zeros around the input.
template <int top, int bottom = top, int left = top, int right = left, int front = 0, int back = 0>
struct Pad {
  static constexpr const char* op = "PAD";

  template <At in> static constexpr Shape output() {
    constexpr bool sound =
        top >= 0 && bottom >= 0 && left >= 0 && right >= 0 && front >= 0 && back >= 0;
    static_assert(sound || error::out_of_range<error::at_layer<in.layer>, error::in<Pad>>,
                  "Pad: the numbers of rows, pixels and channels to add must not be negative.");
    constexpr Shape s = in.shape;
    if (!sound) return no_shape;
    return {saturated(std::int64_t{s.height} + top + bottom),
            saturated(std::int64_t{s.width} + left + right),
            saturated(std::int64_t{s.channels} + front + back)};
  }
  template <At in, class Lowering> static constexpr View lower(Lowering& l, View input) {
    constexpr Shape s = in.shape, out = output<in>();
    using Map =
        IndexMap<out, 0, 0, Digit{out.height, s.row(), top, bottom},
                 Digit{out.width, s.channels, left, right}, Digit{out.channels, 1, front, back}>;
    const Quant quant = l.graph.values[input.value].quant;
    return Map::template lower_filled<in>(l, input, quant.zero_point);
  }
};

// TFLite's REVERSE_V2: backwards along each of the axes.
template <Axis axes> struct Reverse {
  static constexpr const char* op = "REVERSE_V2";

  template <At in> static constexpr Shape output() { return in.shape; }
  template <At in, class Lowering> static constexpr View lower(Lowering& l, View input) {
    constexpr Shape s = in.shape;
    constexpr int set = static_cast<int>(axes);
    constexpr bool y = has(set, Axis::height), x = has(set, Axis::width),
                   c = has(set, Axis::channels);
    constexpr int base = (y ? (s.height - 1) * s.row() : 0) + (x ? s.row() - s.channels : 0) +
                         (c ? s.channels - 1 : 0);
    using Map =
        IndexMap<s, base, 0, Digit{s.height, y ? -s.row() : s.row()},
                 Digit{s.width, x ? -s.channels : s.channels}, Digit{s.channels, c ? -1 : 1}>;
    return Map::template lower<in>(l, input);
  }
};

// TFLite's TILE: the input so many times along each axis.
template <int height, int width = 1, int channels = 1> struct Tile {
  static constexpr const char* op = "TILE";

  template <At in> static constexpr Shape output() {
    constexpr bool sound = height > 0 && width > 0 && channels > 0;
    static_assert(sound || error::out_of_range<error::at_layer<in.layer>, error::in<Tile>>,
                  "Tile: the input must be repeated once or more along each axis.");
    constexpr Shape s = in.shape;
    if (!sound) return no_shape;
    return {saturated(std::int64_t{s.height} * height), saturated(std::int64_t{s.width} * width),
            saturated(std::int64_t{s.channels} * channels)};
  }
  template <At in, class Lowering> static constexpr View lower(Lowering& l, View input) {
    constexpr Shape s = in.shape;
    using Map = IndexMap<output<in>(), 0, 0, Digit{height}, Digit{s.height, s.row()}, Digit{width},
                         Digit{s.width, s.channels}, Digit{channels}, Digit{s.channels, 1}>;
    return Map::template lower<in>(l, input);
  }
};

// TFLite's SPACE_TO_DEPTH: a block of block x block pixels becomes the channels of one.
template <int block> struct SpaceToDepth {
  static constexpr const char* op = "SPACE_TO_DEPTH";

  template <At in> static constexpr Shape output() {
    constexpr int side = block > 0 ? block : 1;
    constexpr bool fits = block > 0 && in.shape.height % side == 0 && in.shape.width % side == 0;
    static_assert(fits || error::size_mismatch<error::at_layer<in.layer>, error::in<SpaceToDepth>>,
                  "SpaceToDepth: height and width do not fall into blocks of this side.");
    constexpr Shape s = in.shape;
    return fits ? Shape{s.height / side, s.width / side, s.channels * side * side} : no_shape;
  }
  template <At in, class Lowering> static constexpr View lower(Lowering& l, View input) {
    constexpr Shape s = in.shape, out = output<in>();
    using Map = IndexMap<out, 0, 0, Digit{out.height, block * s.row()},
                         Digit{out.width, block * s.channels}, Digit{block, s.row()},
                         Digit{block * s.channels, 1}>;
    return Map::template lower<in>(l, input);
  }
};

// TFLite's DEPTH_TO_SPACE: the channels of a pixel become a block of block x block pixels.
template <int block> struct DepthToSpace {
  static constexpr const char* op = "DEPTH_TO_SPACE";

  template <At in> static constexpr Shape output() {
    constexpr int area = block > 0 ? saturated(std::int64_t{block} * block) : 1;
    constexpr bool fits = block > 0 && in.shape.channels % area == 0;
    static_assert(fits || error::size_mismatch<error::at_layer<in.layer>, error::in<DepthToSpace>,
                                               error::got<in.shape.channels>>,
                  "DepthToSpace: the channels do not make blocks of this side.");
    constexpr Shape s = in.shape;
    return fits ? Shape{s.height * block, s.width * block, s.channels / area} : no_shape;
  }
  template <At in, class Lowering> static constexpr View lower(Lowering& l, View input) {
    constexpr Shape s = in.shape, out = output<in>();
    constexpr int across = block * out.channels;  // channels that become one row of a block
    using Map = IndexMap<out, 0, 0, Digit{s.height, s.row()}, Digit{block, across},
                         Digit{s.width, s.channels}, Digit{across, 1}>;
    return Map::template lower<in>(l, input);
  }
};

}  // namespace graven::core
