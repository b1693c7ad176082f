// Dense: out[o] = act(bias[o] + sum over i of in[i] * weights[o][i])
//
// Weights output-major, one scale for all or one per output. The input is the whole activation,
// flattened in HWC order, or, when its channels alone are `In`, each pixel by itself (TFLite's
// FULLY_CONNECTED over the last axis). Arithmetic as in conv2d.hpp, except that the multiplier of a
// single scale is float(scale_in * scale_weights) / scale_out: TFLM rounds the product to float.
//
// A flattened activation of several rows is consumed row by row into running sums, so that it
// never exists as a whole.
#pragma once

#include "graven/layers/conv2d.hpp"

namespace graven::core {

template <int In, int Out, Activation activation = Activation::none> struct Dense {
  static constexpr const char* op = "FULLY_CONNECTED";

  template <At in> static constexpr Shape output() {
    constexpr bool whole = in.shape.size() == In, pixelwise = in.shape.channels == In;
    static_assert(whole || pixelwise ||
                      error::size_mismatch<error::at_layer<in.layer>, error::in<Dense>,
                                           error::expected<In>, error::got<in.shape.size()>>,
                  "Dense: the incoming activation has a different number of elements than In. "
                  "Check the layers before it, or set In to their output size.");
    static_assert(
        Out > 0 ||
            error::out_of_range<error::at_layer<in.layer>, error::in<Dense>, error::got<Out>>,
        "Dense: Out, the number of outputs, must be at least 1.");
    if (Out <= 0 || (!whole && !pixelwise)) return no_shape;
    return pixelwise && !whole ? Shape{in.shape.height, in.shape.width, Out} : Shape{1, 1, Out};
  }

  template <At in, class Lowering> static constexpr View lower(Lowering& l, View input) {
    const Shape out = output<in>();
    Shape rows = l.graph.values[input.value].shape;
    rows.height = in.shape.size() / rows.row();  // of the view, which may be a part of the value
    const bool by_rows = in.shape.size() == In && rows.height > 1;
    if (by_rows)
      input.shape = rows;
    else if (in.shape.size() == In)
      input.shape = {1, 1, In};
    else
      input = l.with_rows(input, in.layer);
    Value v = l.begin(by_rows ? op::dense : op::conv, in.layer, out, input);
    v.reduces = by_rows;
    v.weights = {Out, In, In, 1, true};
    v.activation = activation;
    v.macs = std::uint64_t(out.size()) * In;
    return l.add(v, input);
  }
};

}  // namespace graven::core
