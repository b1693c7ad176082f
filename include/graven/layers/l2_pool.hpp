// L2Pool: the root of the mean of squares of each window, per channel
//
// TFLite's L2_POOL_2D, which is float32. Padding is not counted. A window as high as the input is a
// reduction: rows are consumed as they come.
#pragma once

#include "graven/graph/window.hpp"

namespace graven::core {

namespace op {
inline constexpr Op l2_pool{"l2_pool", Trait::clamps};
}

template <Window window, Stride stride = window, Padding padding = Padding::valid,
          Activation activation = Activation::none>
struct L2Pool {
  static constexpr const char* op = "L2_POOL_2D";

  template <At in> static constexpr Shape output() {
    constexpr Shape out =
        detail::window_output<L2Pool, in, in.shape.channels, window, stride, 1, padding>();
    static_assert(
        detail::has_window(out) ||
            error::size_mismatch<error::at_layer<in.layer>, error::in<L2Pool>,
                                 error::expected<window.height>, error::got<in.shape.height>,
                                 error::expected<window.width>, error::got<in.shape.width>>,
        "L2Pool: the window is larger than the incoming activation. Use padding `same`, "
        "a smaller window, or less pooling before it.");
    return detail::has_window(out) ? out : no_shape;
  }

  template <At in, class Lowering> static constexpr View lower(Lowering& l, View input) {
    return detail::lower_pool(l, core::op::l2_pool, in.layer, output<in>(), input, window, stride,
                              padding, activation);
  }
};

}  // namespace graven::core
