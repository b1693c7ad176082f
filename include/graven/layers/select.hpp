// Select: where the first input is true the second one, else the third; all of them broadcast
//
// TFLite's SELECT and SELECT_V2. The first input is bool; the others have one element type and, in
// int8, one scale and zero point, which the output keeps.
#pragma once

#include "graven/graph/binary.hpp"

namespace graven::core {

namespace op {
inline constexpr Op select{"select"};
}

struct Select {
  static constexpr const char* op = "SELECT_V2";
  static constexpr int views = 8;

  template <At condition, At a, At b> static constexpr Shape output() {
    constexpr Shape chosen = detail::broadcast(a.shape, b.shape);
    constexpr bool fits =
        detail::broadcasts(a.shape, b.shape) && detail::broadcasts(condition.shape, chosen);
    static_assert(fits || error::shape_mismatch<error::at_layer<a.layer>, error::in<Select>>,
                  "Select: the condition and both operands have different shapes (height, width, "
                  "channels; an axis may be 1).");
    return fits ? detail::broadcast(condition.shape, chosen) : no_shape;
  }
  template <At condition, At a, At b, class Lowering>
  static constexpr View lower(Lowering& l, View which, View x, View y) {
    View inputs[]{l.with_rows(which, a.layer), l.with_rows(x, a.layer), l.with_rows(y, a.layer)};
    return detail::lower_together(
        l, l.begin(core::op::select, a.layer, output<condition, a, b>(), inputs[1]), inputs);
  }
};

}  // namespace graven::core
