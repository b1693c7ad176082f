// The first half of a training step, and all of an answer: layers that learn, or lie between those
// and the output, read their weights as values, of which the State holds those that change.
#pragma once

#include "graven/kernel/step_numbers.hpp"
#include "graven/train/scope.hpp"

namespace graven::core::detail {

// `steps`: the graph of a training step, whose output is the loss; else that of an answer with the
// weights of the State. Both have the same State.
template <const auto& forward, const auto& params, TrainPolicy policy, bool steps>
struct ForwardPass {
  static constexpr GraphView f = forward.view();
  static constexpr auto scope = scope_of(forward, policy.learns);
  static constexpr int values = 14 * f.count + 8;
  static constexpr int views = 6 * forward.view_count + 40 * f.count + 16;
  static constexpr int layers = sizeof(forward.layers) / sizeof(forward.layers[0]);

  Lowering<values, views, layers> l{first_record<params>(), count_records<params>()};
  int made[std::size_t{f.count}]{};  // of each forward value
  View weights[std::size_t{f.count}]{}, biases[std::size_t{f.count}]{};
  View weight_moments[std::size_t{f.count}]{}, bias_moments[std::size_t{f.count}]{};
  Learning arrays[std::size_t{2 * f.count}]{};
  int array_count = 0;
  int numbers = 0, target = -1;  // values: StepNumbers, what the output should be
  int refused = -1;              // the layer through which no gradient goes

  constexpr void go_forward() {
    for (int i = 0; i < forward.input_count; ++i) made[i] = l.add(f[i]).value;
    if (steps) add_target(forward.outputs[0].shape);
    l.graph.input_count = l.graph.count;
    numbers = add_state({1, 1, StepNumbers::count}, 0, 0).value;
    for (int v = forward.input_count; v < f.count; ++v) add_value(v);
    if (steps) return;
    l.graph.output_count = forward.output_count;
    l.graph.outputs[0] = forward.outputs[0];
    l.graph.outputs[0].value = made[forward.outputs[0].value];
  }

private:
  constexpr void add_target(Shape out) {
    Value wanted{};
    const bool is_label = policy.loss.kind == LossKind::softmax_cross_entropy;
    wanted.shape = is_label ? Shape{out.height, out.width, 1} : out;
    wanted.element = is_label ? Element::int32 : Element::float32;
    target = l.add(wanted).value;
  }
  constexpr View add_state(Shape shape, int layer, int record) {
    Value v{};
    v.op = op::state;
    v.shape = shape;
    v.element = Element::float32;
    v.layer = layer;
    v.record = record;
    v.persistent = true;
    v.options.set(ConstantOptions{-1});
    return l.add(v);
  }
  constexpr View add_array(const Value& v, Shape shape, FilterLayout layout,
                           WeightOptions::Array array, bool learns) {
    Value w{};
    w.op = learns ? op::state : op::constant;
    w.shape = shape;
    w.element = Element::float32;
    w.layer = v.layer;
    w.record = v.record;
    w.persistent = learns;
    w.weights = layout;
    w.options.set(WeightOptions{array});
    return l.add(w);
  }
  constexpr void note_array(int v, const View& array, const View& moments, bool is_bias) {
    if (l.graph.values[array.value].op != op::state) return;
    arrays[array_count++] = {array.value, moments.value, v, is_bias};
  }
  constexpr View add_moments(const View& array, bool learns, const Value& v) {
    const int slots = policy.optimizer.moments() + (policy.gathers() ? 1 : 0);
    if (!learns || slots == 0) return {-1};
    const Shape s = array.shape;
    return add_state({s.height, slots * s.width, s.channels}, v.layer, v.record);
  }
  static constexpr Shape weight_shape(const Value& v) {
    const FilterLayout w = v.weights;
    if (v.op == op::depthwise) return {1, w.taps, w.outputs};
    const int rows = v.op == op::dense ? f.input(v).shape.height : 1;
    return {rows, w.outputs, w.taps / rows};
  }
  constexpr void add_parameters(int v) {
    FilterLayout w = f[v].weights;
    if (f[v].op == op::depthwise)
      w = {w.taps, w.outputs, w.tap_step, w.output_step, false, w.element, w.bias};
    weights[v] =
        add_array(f[v], weight_shape(f[v]), w, WeightOptions::filter, scope.learns_weights[v]);
    weight_moments[v] = add_moments(weights[v], scope.learns_weights[v], f[v]);
    const int outputs = f[v].shape.channels;
    const FilterLayout b{1, outputs, outputs, 1, false, w.bias};
    biases[v] = add_array(f[v], {1, 1, outputs}, b, WeightOptions::bias, scope.learns_bias[v]);
    bias_moments[v] = add_moments(biases[v], scope.learns_bias[v], f[v]);
    note_array(v, weights[v], weight_moments[v], false);
    note_array(v, biases[v], bias_moments[v], true);
  }
  constexpr void add_value(int v) {
    Value n = f[v];
    View inputs[max_outputs + 16]{};
    int count = 0;
    for (; count < n.inputs && count < max_outputs; ++count) {
      inputs[count] = f.input(n, count);
      inputs[count].value = made[inputs[count].value];
    }
    if (scope.live[v] && n.inputs > max_outputs) refused = n.layer;
    if (scope.live[v] && is_tunable(n)) {
      add_parameters(v);
      inputs[count] = weights[v];
      inputs[count++].rows = n.op == op::dense ? Rows{} : one_row;
      inputs[count] = biases[v];
      inputs[count++].rows = one_row;
      n.op = n.op == op::conv    ? op::tuned_conv
             : n.op == op::dense ? op::tuned_dense
                                 : op::tuned_depthwise;
    } else if (scope.live[v]) {
      if (n.op == op::softmax) n.op = op::tuned_softmax;
      if (n.op == op::map && n.function.exact != nullptr) n.function.real = n.function.exact;
    }
    made[v] = l.add_many(n, inputs, count).value;
  }
};

}  // namespace graven::core::detail
