// MaxPool: the largest element of each window, per channel
//
// TFLite's MAX_POOL_2D. Padding never wins. The quantization of the input carries over: the
// operator does not rescale. A window as high as the input is a reduction: rows are consumed as
// they come.
#pragma once

#include "graven/graph/window.hpp"

namespace graven::core {

namespace op {
inline constexpr Op max_pool{"max_pool", Trait::clamps};
}

template <Window window, Stride stride = window, Padding padding = Padding::valid,
          Activation activation = Activation::none>
struct MaxPool {
  static constexpr const char* op = "MAX_POOL_2D";

  template <At in> static constexpr Shape output() {
    constexpr Shape out =
        detail::window_output<MaxPool, in, in.shape.channels, window, stride, 1, padding>();
    static_assert(
        detail::has_window(out) ||
            error::size_mismatch<error::at_layer<in.layer>, error::in<MaxPool>,
                                 error::expected<window.height>, error::got<in.shape.height>,
                                 error::expected<window.width>, error::got<in.shape.width>>,
        "MaxPool: the window is larger than the incoming activation. Use padding `same`, "
        "a smaller window, or less pooling before it.");
    return detail::has_window(out) ? out : no_shape;
  }

  template <At in, class Lowering> static constexpr View lower(Lowering& l, View input) {
    return detail::lower_pool(l, core::op::max_pool, in.layer, output<in>(), input, window, stride,
                              padding, activation);
  }
};

}  // namespace graven::core
