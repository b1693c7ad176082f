// The arrays of a layer that learns, as values: their shapes, and where the record has them.
#pragma once

#include "graven/train/scope.hpp"

namespace graven::core::detail {

// `layout` without an element: the record does not have it, so that it begins with zeros, of gamma
// with ones.
struct WeightArray {
  Shape shape{};
  FilterLayout layout{};
  WeightOptions::Array from = WeightOptions::filter;
};

constexpr Element given(const Parameters& p, const char* name) {
  return p.find(name) >= 0 ? Element::float32 : Element::inherit;
}
// An array that lies as it is in the record.
constexpr WeightArray as_it_is(Shape s, WeightOptions::Array from, Element element) {
  return {s, {s.width, s.channels, s.channels, 1, false, element}, from};
}

constexpr WeightArray weights_of(const GraphView& f, const Value& v, const Parameters& p) {
  const FilterLayout w = v.weights;
  const int channels = v.shape.channels, inputs = f.input(v).shape.channels;
  if (v.op == op::layer_norm)
    return as_it_is({1, 1, channels}, WeightOptions::gamma, given(p, "gamma"));
  if (v.op == op::lookup)
    return as_it_is(f.source(v).shape, WeightOptions::table, Element::float32);
  if (v.op == op::gru)
    return as_it_is({1, 3 * channels, inputs + channels}, WeightOptions::cell,
                    given(p, "input_to_update"));
  if (v.op == op::depthwise)
    return {{1, w.taps, w.outputs},
            {w.taps, w.outputs, w.tap_step, w.output_step, false, w.element, w.bias}};
  const int rows = v.op == op::dense ? f.input(v).shape.height : 1;
  return {{rows, w.outputs, w.taps / rows}, w};
}
constexpr WeightArray bias_of(const Value& v, const Parameters& p) {
  const int channels = v.shape.channels;
  if (v.op == op::gru)
    return as_it_is({1, 1, 4 * channels}, WeightOptions::cell_bias, given(p, "input_to_update"));
  if (v.op == op::layer_norm)
    return as_it_is({1, 1, channels}, WeightOptions::beta, given(p, "beta"));
  return as_it_is({1, 1, channels}, WeightOptions::bias, v.weights.bias);
}

// What its weights are drawn from at random: inputs and outputs that each of them has.
struct Fans {
  int in = 0, out = 0;
};
constexpr Fans fans_of(const GraphView& f, const Value& v) {
  const int inputs = f.input(v).shape.channels, channels = v.shape.channels;
  if (v.op == op::gru) return {inputs + channels, channels};
  if (v.op == op::lookup) return {channels, channels};
  if (v.op == op::layer_norm) return {};  // gamma is no weight of a sum
  const bool is_whole = v.op == op::dense || (v.op != op::conv3d && v.filter.area() == 1);
  const int through = v.op != op::depthwise && is_whole ? v.weights.taps : inputs;
  return {v.weights.taps, v.weights.size() / through};
}

}  // namespace graven::core::detail
