// Cast<element>: the same numbers in another element type
//
// TFLite's CAST, of the integers as they are: scales and zero points play no part. Integers wrap
// as C++ converts them, boolean is x != 0, and float32 is cut off towards zero; what an integer
// cannot hold goes to its ends, NaN to 0 (TFLM leaves both open).
#pragma once

#include "graven/graph/network.hpp"

namespace graven::core {

namespace op {
inline constexpr Op cast{"cast"};
}

template <Element to> struct Cast {
  static constexpr const char* op = "CAST";

  template <At in> static constexpr Shape output() { return in.shape; }
  template <At in, class Lowering> static constexpr View lower(Lowering& l, View input) {
    input = l.with_rows(input, in.layer);
    Value v = l.begin(core::op::cast, in.layer, in.shape, input);
    v.element = to;
    const bool narrow = to == Element::int8 || to == Element::uint8 || to == Element::int16;
    if (!l.has_quant(in.layer)) v.quant = narrow ? Quant{1, 0} : Quant{};
    return l.add(v, input);
  }
};

}  // namespace graven::core
