// Split: equal parts of the input along one axis, each an output of its own (Out<node, k>)
//
// TFLite's SPLIT; the parts keep the input's quantization. Along the height nothing is copied: a
// part is some rows of the input.
#pragma once

#include "graven/graph/index_map.hpp"

namespace graven::core {

template <Axis axis, int parts> struct Split {
  static constexpr const char* op = "SPLIT";
  static constexpr int outputs = parts > 0 ? parts : 1;

  template <int k, At in> static constexpr Shape output() {
    constexpr bool divides = parts > 0 && extent_along(in.shape, axis) % outputs == 0;
    static_assert(divides || error::size_mismatch<error::at_layer<in.layer>, error::in<Split>,
                                                  error::got<extent_along(in.shape, axis)>>,
                  "Split: the axis does not fall into so many equal parts. Choose a number that "
                  "divides the input's extent along it.");
    return divides ? part_of(in.shape) : no_shape;
  }

  template <At in, class Lowering>
  static constexpr std::array<View, static_cast<std::size_t>(outputs)> lower(Lowering& l,
                                                                             View input) {
    using Parts = std::make_index_sequence<static_cast<std::size_t>(outputs)>;
    return lower_each<in>(l, l.with_rows(input, in.layer), Parts());
  }

private:
  template <At in, class Lowering, std::size_t... K>
  static constexpr auto lower_each(Lowering& l, View input, std::index_sequence<K...>) {
    constexpr Shape whole = in.shape, part = part_of(whole);
    constexpr int step = extent_along(part, axis) * stride_along(whole, axis);
    return std::array<View, sizeof...(K)>{
        IndexMap<part, static_cast<int>(K) * step, 0, Digit{part.height, whole.row()},
                 Digit{part.width, whole.channels},
                 Digit{part.channels, 1}>::template lower<in>(l, input)...};
  }
  static constexpr Shape part_of(Shape s) {
    return with_extent(s, axis, extent_along(s, axis) / outputs);
  }
};

}  // namespace graven::core
