// The shape that layers of windows yield, and what their numbers must be.
#pragma once

#include "graven/graph/network.hpp"

namespace graven::core::detail {

constexpr bool is_positive(Extent e) { return e.height > 0 && e.width > 0; }

// Does every window of this span see some of the input?
constexpr bool is_within(Padding p, Extent span) {
  const int rows = p.top > p.bottom ? p.top : p.bottom;
  const int columns = p.left > p.right ? p.left : p.right;
  const bool negative = p.top < 0 || p.bottom < 0 || p.left < 0 || p.right < 0;
  return !negative && rows < span.height && columns < span.width;
}

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
  constexpr bool is_sound =
      is_positive(filter) && is_positive(stride) && is_positive(dilation) && channels > 0;
  constexpr bool touches = !is_sound || is_within(padding, window_span(filter, dilation));
  static_assert(
      touches || error::out_of_range<Where, error::in<L>, error::got<padding.top>,
                                     error::got<padding.bottom>, error::got<padding.left>,
                                     error::got<padding.right>>,
      "Window: the padding (top, bottom, left, right) must be from 0 to one less than the window's "
      "extent, (filter - 1) * dilation; a wider border is a layer of its own, Pad.");
  if constexpr (is_sound && touches)
    return window_shape(in.shape, channels, filter, stride, dilation, padding);
  else
    return no_shape;
}

// Does a window fit into the input, if there is one at all?
constexpr bool has_window(Shape out) {
  return out == no_shape || (out.height > 0 && out.width > 0);
}

// A pool: it does not rescale, and consumes rows as they come where one window is as high as the
// input.
template <class Lowering>
constexpr View lower_pool(Lowering& l, const Op& op, int layer, Shape output, View input,
                          Extent window, Extent stride, Padding padding, Activation activation) {
  input = l.with_rows(input, layer);
  Value v = l.begin(op, layer, output, input);
  v.quant = l.graph.values[input.value].quant;
  set_window(v, input, window, stride, 1, padding);
  v.activation = activation;
  v.reduces = input.shape.height > 1 && v.shape.height == 1 && input.rows.first == 0 &&
              window.height >= input.shape.height;
  return l.add(v, input);
}

}  // namespace graven::core::detail
