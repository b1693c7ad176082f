// ArgMax, ArgMin: the index of the largest or least element along one axis, the first one wins
//
// TFLite's ARG_MAX and ARG_MIN; the axis vanishes and the others move to the right. The output is
// int32 unless the record says int64.
#pragma once

#include "graven/graph/network.hpp"

namespace graven::core {

namespace op {
inline constexpr Op argmax{"argmax"}, argmin{"argmin"};
}

template <bool largest, Axis axis> struct ArgExtreme {
  static constexpr const char* op = largest ? "ARG_MAX" : "ARG_MIN";
  static constexpr int set = static_cast<int>(axis);

  template <At in> static constexpr Shape output() { return drop(in.shape, set); }

  template <At in, class Lowering> static constexpr View lower(Lowering& l, View input) {
    input = l.with_rows(input, in.layer);
    Value v = l.begin(largest ? op::argmax : op::argmin, in.layer, keep(in.shape, set), input);
    if (!l.has_element(in.layer)) v.element = Element::int32;
    v.quant = {};
    v.reduces = axis == Axis::height && in.shape.height > 1;
    return {l.add(v, input).value, output<in>()};
  }
};

template <Axis axis = Axis::channels> using ArgMax = ArgExtreme<true, axis>;
template <Axis axis = Axis::channels> using ArgMin = ArgExtreme<false, axis>;

}  // namespace graven::core
