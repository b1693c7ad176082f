// CumSum: running sums along one axis; exclusive: of the elements before, reverse: from the end on
//
// TFLite's CUMSUM. int8 as TFLM, its oddity included: sums are int32 in units of 2^-19 of the input
// and wrap, and they start at minus the input's zero point, which is 0 for symmetric values only.
// Down the height rows come and go, unless reversed: then the whole activation is one row.
#pragma once

#include "graven/graph/network.hpp"

namespace graven::core {

namespace op {
inline constexpr Op cumsum{"cumsum"};
}

struct CumSumOptions {
  int axis = 0;  // one Axis
  int exclusive = 0, reverse = 0;
};

template <Axis axis = Axis::channels, bool exclusive = false, bool reverse = false> struct CumSum {
  static constexpr const char* op = "CUMSUM";

  template <At in> static constexpr Shape output() { return in.shape; }
  template <At in, class Lowering> static constexpr View lower(Lowering& l, View input) {
    constexpr bool whole = axis == Axis::height && reverse;
    if (whole) input.shape = {1, in.shape.height, in.shape.row()};
    input = l.with_rows(input, in.layer);
    Value v = l.begin(op::cumsum, in.layer, input.shape, input);
    v.options.set(CumSumOptions{static_cast<int>(whole ? Axis::width : axis), exclusive, reverse});
    v.carries = axis == Axis::height && !reverse;
    return {l.add(v, input).value, in.shape};
  }
};

}  // namespace graven::core
