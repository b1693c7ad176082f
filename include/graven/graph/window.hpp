// The shape that layers of windows yield, and what their numbers must be.
#pragma once

#include "graven/graph/network.hpp"

namespace graven::core::detail {

constexpr bool is_positive(Extent e) { return e.height > 0 && e.width > 0; }

// For layer L with the input `in`; too small an input is for the layer to report.
template <class L, At in, int channels, Extent filter, Extent stride, Extent dilation,
          Padding padding>
constexpr Shape window_output() {
  using Where = error::at_layer<in.layer>;
  static_assert(is_positive(filter) ||
                    error::out_of_range<Where, error::in<L>, error::got<filter.height>,
                                        error::got<filter.width>>,
                "Window: the sides of a filter or a pool must be at least 1 (height, width).");
  static_assert(!is_positive(filter) || is_positive(stride) ||
                    error::out_of_range<Where, error::in<L>, error::got<stride.height>,
                                        error::got<stride.width>>,
                "Window: strides must be at least 1 (height, width).");
  static_assert(is_positive(dilation) ||
                    error::out_of_range<Where, error::in<L>, error::got<dilation.height>,
                                        error::got<dilation.width>>,
                "Window: dilations must be at least 1, which is a dense window (height, width).");
  static_assert(channels > 0 || error::out_of_range<Where, error::in<L>, error::got<channels>>,
                "Window: a layer must have at least one output channel.");
  if constexpr (is_positive(filter) && is_positive(stride) && is_positive(dilation) && channels > 0)
    return window_shape(in.shape, channels, filter, stride, dilation, padding);
  else
    return no_shape;
}

// Does a window fit into the input, if there is one at all?
constexpr bool has_window(Shape out) {
  return out == no_shape || (out.height > 0 && out.width > 0);
}

}  // namespace graven::core::detail
