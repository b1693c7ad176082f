// How a gradient goes back through each operator, as one value per input: which operator sends it,
// what that reads besides the gradient of the output.
#pragma once

#include "graven/isa/scalar/training/taps.hpp"
#include "graven/layers/add.hpp"
#include "graven/layers/avg_pool.hpp"
#include "graven/layers/concat.hpp"
#include "graven/layers/conv3d.hpp"
#include "graven/layers/dense.hpp"
#include "graven/layers/depthwise_conv2d.hpp"
#include "graven/layers/gru.hpp"
#include "graven/layers/layer_norm.hpp"
#include "graven/layers/lookup.hpp"
#include "graven/layers/max_pool.hpp"
#include "graven/layers/reduce.hpp"
#include "graven/layers/sigmoid.hpp"
#include "graven/layers/softmax.hpp"
#include "graven/layers/transpose_conv2d.hpp"
#include "graven/train/policy.hpp"

namespace graven::core::detail {

inline constexpr Rows one_row{0, 0, 1, 1};  // the same one for every step

constexpr Value gradient_value(const Op& op, Shape shape, const Value& forward) {
  Value v{};
  v.op = op;
  v.shape = shape;
  v.element = Element::float32;
  v.layer = forward.layer;
  v.record = forward.record;
  return v;
}

// Is each pixel multiplied by itself, or the input as a whole?
constexpr bool is_dense(const GraphView& f, int v) {
  const Value& value = f[v];
  return value.op == op::dense || (value.op == op::conv && value.filter.area() == 1 &&
                                   value.stride == Extent{1} && f.rim(value) == 0);
}

// What goes back to one input.
struct Sent {
  enum Read { nothing, x, y };

  Value value{};     // of the shape that the input is read in
  View inputs[2]{};  // the gradient, and (its value to be filled in) what else is read
  Read reads = nothing;
  bool is_same = false;  // the gradient as it is
  bool is_known = true;
};

// Through a layer with weights, to its input.
constexpr Sent through_weights(const GraphView& f, int v, View g, View weights) {
  const Value& value = f[v];
  const Shape in = f.input(value).shape;
  Sent sent{.value = gradient_value(op::dense_gradient, in, value), .inputs = {g, weights}};
  const Rows every{};
  if (is_dense(f, v)) {
    sent.inputs[0].rows = value.op == op::dense ? one_row : every;
    sent.inputs[1].rows = value.op == op::dense ? every : one_row;
    return sent;
  }
  if (value.op == op::conv3d || value.op == op::transpose_conv) {
    const bool is_transposed = value.op == op::transpose_conv;
    const VolumeWindow w = volume_window(f, value, is_transposed);
    sent.value.op = is_transposed ? op::transpose_gradient : op::volume_gradient;
    sent.inputs[0].rows = is_transposed ? rows_met<false>(w) : rows_met<true>(w);
    sent.inputs[1].rows = one_row;
    return sent;
  }
  sent.value.op = value.op == op::depthwise ? op::depthwise_gradient : op::conv_gradient;
  const WindowOptions window = WindowOptions::of(value, f.top(value));
  sent.value.options.set(window);
  sent.inputs[0].rows = window.covering();
  sent.inputs[1].rows = one_row;
  return sent;
}

// Back through a window that averages, or of which the largest wins.
constexpr Sent through_window(const Op& op, const Value& value, Shape in, WindowOptions window,
                              View g) {
  Sent sent{.value = gradient_value(op, in, value), .inputs = {g, {0, in}}};
  sent.value.options.set(window);
  sent.inputs[0].rows = window.covering();
  if (op == op::max_pool_gradient) {
    sent.reads = Sent::x;
    sent.inputs[1].rows = {1 - window.height, 1, 1, 2 * window.height - 1};
  }
  return sent;
}

// Back to input k of those that lie side by side.
constexpr Sent through_concat(const GraphView& f, const Value& value, int k, View g) {
  const auto axis = static_cast<Axis>(value.options.get<ConcatOptions>().axis);
  int before = 0;
  for (int i = 0; i < k; ++i) {
    const Shape s = f.input(value, i).shape;
    before += axis == Axis::height ? s.height : axis == Axis::width ? s.width : s.channels;
  }
  const Shape in = f.input(value, k).shape;
  Sent sent{.value = gradient_value(op::part_gradient, in, value), .inputs = {g}};
  sent.value.options.set(
      PartOptions{axis == Axis::channels ? before : 0, axis == Axis::width ? before : 0});
  if (axis == Axis::height) sent.inputs[0].rows.first = before;
  return sent;
}

// Through any other layer, to its input k.
constexpr Sent through(const GraphView& f, int v, int k, View g) {
  const Value& value = f[v];
  const Shape in = f.input(value, k).shape;
  Sent sent{.value = gradient_value(value.op, in, value), .inputs = {g, {0, in}}};
  const int top = f.top(value);
  if (value.op == op::clamp) {
    sent.is_same = true;
  } else if (value.op == op::add && in == value.shape) {
    sent.is_same = true;
  } else if (value.op == op::add) {
    sent.value.op = op::sum_gradient;
    sent.value.reduces = in.height < value.shape.height;
  } else if (value.op == op::concat) {
    return through_concat(f, value, k, g);
  } else if (value.op == op::copy) {
    sent.value.shape = f.source(value, k).shape;
  } else if (value.op == op::map) {
    sent.value.op = op::map_gradient;
    sent.value.function.real = value.function.slope;
    sent.value.elementwise = true;
    sent.reads = Sent::x;
    sent.is_known = !is_null(value.function.slope);
  } else if (value.op == op::softmax) {
    sent.value.op = op::softmax_gradient;
    sent.reads = Sent::y;
    sent.is_known = value.options.get<SoftmaxOptions>().beta == 1;
  } else if (value.op == op::max_pool) {
    return through_window(op::max_pool_gradient, value, in, WindowOptions::of(value, top), g);
  } else if (value.op == op::average_pool) {
    return through_window(op::average_gradient, value, in, WindowOptions::of(value, top), g);
  } else if (value.op == op::mean) {
    const int axes = value.options.get<ReduceOptions>().axes;
    const WindowOptions all{in.height, in.width, in.height, in.width, 1, 1, 0, 0};
    sent = through_window(op::average_gradient, value, in, all, g);
    sent.is_known = axes == static_cast<int>(Axis::height | Axis::width);
  } else {
    sent.is_known = false;
  }
  return sent;
}

}  // namespace graven::core::detail
