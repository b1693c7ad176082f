// AvgPool: the mean of each window, per channel
//
// TFLite's AVERAGE_POOL_2D. Padding is not counted; the sum is divided by the number of real
// elements, rounding half away from zero. The quantization of the input carries over: the operator
// does not rescale. A window as high as the input is a reduction: rows are consumed as they come.
#pragma once

#include "graven/graph/window.hpp"

namespace graven::core {

namespace op {
inline constexpr Op average_pool{"average_pool", Trait::clamps};
}

template <Window window, Stride stride = window, Padding padding = Padding::valid,
          Activation activation = Activation::none>
struct AvgPool {
  static constexpr const char* op = "AVERAGE_POOL_2D";

  template <At in> static constexpr Shape output() {
    constexpr Shape out =
        detail::window_output<AvgPool, in, in.shape.channels, window, stride, 1, padding>();
    static_assert(
        detail::has_window(out) ||
            error::size_mismatch<error::at_layer<in.layer>, error::in<AvgPool>,
                                 error::expected<window.height>, error::got<in.shape.height>,
                                 error::expected<window.width>, error::got<in.shape.width>>,
        "AvgPool: the window is larger than the incoming activation. Use padding `same`, "
        "a smaller window, or less pooling before it.");
    return detail::has_window(out) ? out : no_shape;
  }

  template <At in, class Lowering> static constexpr View lower(Lowering& l, View input) {
    return detail::lower_pool(l, core::op::average_pool, in.layer, output<in>(), input, window,
                              stride, padding, activation);
  }
};

}  // namespace graven::core
