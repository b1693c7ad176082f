// AddN: the sum of two to fifteen activations of one shape
//
// int8 (TFLM's ADD_N): all inputs have one scale and zero point; each term has 19 fractional bits,
// and their sum is requantized to the output's scale. TFLM's sum starts at minus one zero point, as
// this one does: where it is not 0, the result is off by as much.
#pragma once

#include "graven/graph/binary.hpp"

namespace graven::core {

namespace op {
inline constexpr Op add_n{"add_n", Trait::clamps};
}

struct AddN {
  static constexpr const char* op = "ADD_N";

  template <At... in> static constexpr Shape output() {
    constexpr At ats[] = {in...};
    constexpr bool fits = sizeof...(in) <= 15 && ((in.shape == ats[0].shape) && ...);
    static_assert(fits || error::shape_mismatch<error::at_layer<ats[0].layer>, error::in<AddN>>,
                  "AddN: two to fifteen activations must have one shape; Add broadcasts.");
    return fits ? ats[0].shape : no_shape;
  }
  template <At... in, class Lowering, class... Views>
  static constexpr View lower(Lowering& l, Views... views) {
    constexpr At ats[] = {in...};
    View inputs[] = {l.with_rows(views, ats[0].layer)...};
    return detail::lower_together(
        l, l.begin(core::op::add_n, ats[0].layer, ats[0].shape, inputs[0]), inputs);
  }
};

}  // namespace graven::core
