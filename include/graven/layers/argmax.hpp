// ArgMax: the index of the largest element along one axis, the first one wins
//
// TFLite's ARG_MAX; the axis vanishes and the others move to the right. The output is int32 unless
// the record says int64.
#pragma once

#include "graven/graph/network.hpp"

namespace graven::core {

namespace op {
inline constexpr Op argmax{"argmax"};
}

template <Axis axis = Axis::channels> struct ArgMax {
  static constexpr const char* op = "ARG_MAX";
  static constexpr int set = static_cast<int>(axis);

  template <At in> static constexpr Shape output() { return drop(in.shape, set); }

  template <At in, class Lowering> static constexpr View lower(Lowering& l, View input) {
    input = l.with_rows(input, in.layer);
    Value v = l.begin(op::argmax, in.layer, keep(in.shape, set), input);
    if (!l.has_element(in.layer)) v.element = Element::int32;
    v.quant = {};
    v.reduces = axis == Axis::height && in.shape.height > 1;
    return {l.add(v, input).value, output<in>()};
  }
};

}  // namespace graven::core
