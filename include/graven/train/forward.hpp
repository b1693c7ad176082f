// The first half of a training step, and all of an answer: layers that learn, or lie between those
// and the output, read their weights as values, of which the State holds those that change.
#pragma once

#include "graven/isa/scalar/training/taps.hpp"
#include "graven/kernel/step_numbers.hpp"
#include "graven/train/scope.hpp"
#include "graven/train/weights.hpp"

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
    for (int v = forward.input_count; v < f.count; ++v) add_value(v);
    // Behind all weights, which so begin where vector units like to read.
    numbers = add_state({1, 1, StepNumbers::count}, 0, 0).value;
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
  constexpr View add_array(const Value& v, const WeightArray& array, bool learns) {
    Value w{};
    w.op = learns ? op::state : op::constant;
    w.shape = array.shape;
    w.element = Element::float32;
    w.layer = v.layer;
    w.record = v.record;
    w.persistent = learns;
    w.weights = array.layout;
    w.options.set(WeightOptions{array.from});
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
  constexpr void add_parameters(int v) {
    const Parameters& record = l.record(f[v].record);
    weights[v] = add_array(f[v], weights_of(f, f[v], record), scope.learns_weights[v]);
    weight_moments[v] = add_moments(weights[v], scope.learns_weights[v], f[v]);
    note_array(v, weights[v], weight_moments[v], false);
    if (f[v].op == op::lookup) return;
    biases[v] = add_array(f[v], bias_of(f[v], record), scope.learns_bias[v]);
    bias_moments[v] = add_moments(biases[v], scope.learns_bias[v], f[v]);
    note_array(v, biases[v], bias_moments[v], true);
  }
  // Which layer that learns has the value as its table, or its state? -1: none.
  static constexpr int owner_of(int value, const Op& op, int input) {
    for (int v = value + 1; v < f.count; ++v)
      if (f[v].op == op && scope.live[v] && is_tunable(f, v) && f[v].inputs > input &&
          f.input(f[v], input).value == value)
        return v;
    return -1;
  }
  // Rows of the inputs behind x, of a layer whose weights are values.
  static constexpr Op tuned(const Op& op) {
    return op == op::conv             ? op::tuned_conv
           : op == op::dense          ? op::tuned_dense
           : op == op::conv3d         ? op::tuned_volume
           : op == op::transpose_conv ? op::tuned_transpose
           : op == op::layer_norm     ? op::tuned_norm
           : op == op::gru            ? op::tuned_gru
                                      : op::tuned_depthwise;
  }
  constexpr void tune(int v, Value& n, View* inputs, int& count) {
    if (n.op != op::lookup) add_parameters(v);
    if (n.op == op::lookup) {
      inputs[0].value = weights[v].value;  // made in place of the constant
      return;
    }
    if (n.op == op::conv3d)
      inputs[0].rows = rows_met<false>(volume_window(f, n, false));
    else if (n.op == op::transpose_conv)
      inputs[0].rows = rows_met<true>(volume_window(f, n, true));
    for (int k = 1; k < count; ++k) inputs[k].shape = l.graph.values[inputs[k].value].shape;
    inputs[count] = weights[v];
    inputs[count++].rows = n.op == op::dense ? Rows{} : one_row;
    inputs[count] = biases[v];
    inputs[count++].rows = one_row;
    n.wanted = {};
    n.op = tuned(n.op);
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
    if (const int owner = owner_of(v, op::lookup, 0); n.op == op::constant && owner >= 0) {
      add_parameters(owner);
      made[v] = weights[owner].value;
      return;
    }
    if (n.op == op::state && owner_of(v, op::gru, 1) >= 0) {
      n.shape.width = 2;  // the state, and as it was when the run began
      n.element = Element::float32;
    }
    if (scope.live[v] && is_tunable(f, v)) {
      tune(v, n, inputs, count);
    } else if (scope.live[v]) {
      if (n.op == op::softmax) n.op = op::tuned_softmax;
      if (n.op == op::map && !is_null(n.function.exact)) n.function.real = n.function.exact;
    }
    made[v] = l.add_many(n, inputs, count).value;
  }
};

}  // namespace graven::core::detail
