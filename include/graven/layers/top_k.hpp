// TopK: the `k` largest of each pixel's channels and where they stand, the largest first
//
// TFLite's TOPK_V2. Two outputs of k channels (Out<node, 0> and Out<node, 1>): the values, with the
// input's scale, and their int32 indices. Of equal ones the lower index comes first; NaN is as low
// as -infinity.
#pragma once

#include "graven/graph/network.hpp"

#include <array>

namespace graven::core {

namespace op {
inline constexpr Op top_values{"top_values"}, top_indices{"top_indices"};
}

template <int k> struct TopK {
  static constexpr const char* op = "TOPK_V2";
  static constexpr int outputs = 2;

  template <int, At in> static constexpr Shape output() {
    constexpr bool fits = k > 0 && k <= in.shape.channels;
    static_assert(fits || error::out_of_range<error::at_layer<in.layer>, error::in<TopK>,
                                              error::got<k>, error::got<in.shape.channels>>,
                  "TopK: k must be at least 1, and at most the number of channels.");
    return fits ? Shape{in.shape.height, in.shape.width, k} : no_shape;
  }

  template <At in, class Lowering>
  static constexpr std::array<View, 2> lower(Lowering& l, View input) {
    input = l.with_rows(input, in.layer);
    Value values = l.begin(op::top_values, in.layer, output<0, in>(), input);
    values.element = l.graph.values[input.value].element;
    values.quant = l.graph.values[input.value].quant;
    Value indices = values;
    indices.op = op::top_indices;
    indices.element = Element::int32;
    indices.quant = {};
    const View first = l.add(values, input);
    return {first, l.add(indices, input)};
  }
};

}  // namespace graven::core
