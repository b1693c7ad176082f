// Quantize: float32 -> int8 or int16, or integers with another scale and zero point
//
// TFLite's QUANTIZE: round(x / scale) + zero_point, half away from zero, saturating; from int8 by
// requantization, as a table. The record must give the output's scale. Either side may be int16,
// the output int32 with zero point 0, or uint8 as inputs and outputs of some models are: the output
// where the record's element says so.
#pragma once

#include "graven/graph/network.hpp"

namespace graven::core {

namespace op {
inline constexpr Op quantize{"quantize"};
}

struct Quantize {
  static constexpr const char* op = "QUANTIZE";

  template <At in> static constexpr Shape output() { return in.shape; }
  template <At in, class Lowering> static constexpr View lower(Lowering& l, View input) {
    const Element from = l.graph.values[input.value].element;
    if (from == Element::int8 && !l.has_element(in.layer))
      return detail::lower_clamp<in>(l, input, Activation::none);
    input = l.with_rows(input, in.layer);
    Value v = l.begin(op::quantize, in.layer, in.shape, input);
    if (!l.has_element(in.layer)) v.element = Element::int8;
    return l.add(v, input);
  }
};

}  // namespace graven::core
