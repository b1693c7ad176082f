// Split: equal parts of the input along one axis, each an output of its own (Out<node, k>)
//
// TFLite's SPLIT; the parts keep the input's quantization. Along the height nothing is copied: a
// part is some rows of the input.
#pragma once

#include "graven/graph/network.hpp"

namespace graven::core {

namespace op {
inline constexpr Op slice{"slice"};
}

struct SliceOptions {
  int axis = 0;   // an Axis: width or channels
  int first = 0;  // along it, in the input
};

template <Axis axis, int parts> struct Split {
  static constexpr const char* op = "SPLIT";
  static constexpr int outputs = parts > 0 ? parts : 1;

  template <int k, At in> static constexpr Shape output() {
    constexpr bool divides = parts > 0 && extent(in.shape) % outputs == 0;
    static_assert(divides || error::size_mismatch<error::at_layer<in.layer>, error::in<Split>,
                                                  error::got<extent(in.shape)>>,
                  "Split: the axis does not fall into so many equal parts. Choose a number that "
                  "divides the input's extent along it.");
    return divides ? part_of(in.shape) : no_shape;
  }

  template <At in, class Lowering>
  static constexpr std::array<View, static_cast<std::size_t>(outputs)> lower(Lowering& l,
                                                                             View input) {
    input = l.with_rows(input, in.layer);
    std::array<View, static_cast<std::size_t>(outputs)> views{};
    const Shape part = part_of(in.shape);
    for (int k = 0; k < outputs; ++k) {
      View& view = views[static_cast<std::size_t>(k)];
      if constexpr (axis == Axis::height) {
        view = {input.value, part, input.first + k * part.height};
      } else {
        Value v = l.begin(core::op::slice, in.layer, part, input);
        v.quant = l.graph.values[input.value].quant;
        v.options.set(SliceOptions{static_cast<int>(axis), k * extent(part)});
        view = l.add(v, input);
      }
    }
    return views;
  }

private:
  static constexpr int extent(Shape s) {
    return axis == Axis::height ? s.height : axis == Axis::width ? s.width : s.channels;
  }
  static constexpr Shape part_of(Shape s) {
    (axis == Axis::height ? s.height : axis == Axis::width ? s.width : s.channels) /= outputs;
    return s;
  }
};

}  // namespace graven::core
