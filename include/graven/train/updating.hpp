// The updates of a training step: values that write the weights of layers, each from a gradient,
// what the layer has read, and what the optimizer keeps.
#pragma once

#include "graven/train/forward.hpp"

namespace graven::core::detail {

template <const auto& forward, const auto& params, TrainPolicy policy, bool steps>
struct Updating : ForwardPass<forward, params, policy, steps> {
  using Base = ForwardPass<forward, params, policy, steps>;
  using Base::f, Base::scope, Base::weights, Base::biases, Base::weight_moments;
  using Base::l, Base::made, Base::numbers, Base::bias_moments;

  int again[std::size_t{forward.count}]{};  // values that are made again, plus 1; 0: not yet

  static constexpr Rows every_row(Shape s) { return {0, 0, 1, s.height}; }

  // What backward rules read of forward value v: it, or made again.
  constexpr int kept(int v) {
    if (!policy.remake || !scope.live[v] || !is_remade(v)) return made[v];
    if (again[v] > 0) return again[v] - 1;
    View inputs[max_outputs + 2]{};
    const Value copy = l.graph.values[made[v]];
    for (int k = 0; k < copy.inputs; ++k) {
      inputs[k] = l.graph.views[copy.first_input + k];
      if (k < f[v].inputs) inputs[k].value = kept(f.input(f[v], k).value);
    }
    again[v] = l.add_many(copy, inputs, copy.inputs).value + 1;
    return again[v] - 1;
  }
  static constexpr bool is_remade(int v) {
    int read = 0;
    for (int k = 0; k < f[v].inputs; ++k) read += f.source(f[v], k).shape.size();
    return !f[v].reduces && !f[v].carries && f[v].shape.size() > read;
  }

  // Of a GRU; value -1: it has none.
  constexpr View state_of(int v) const {
    if (f[v].inputs < 2) return {-1};
    const int state = made[f.input(f[v], 1).value];
    return {state, l.graph.values[state].shape};
  }

  constexpr Value update_value(const Op& op, int v, Shape shape) const {
    Value u = gradient_value(op, shape, f[v]);
    u.persistent = true;
    u.options.set(UpdateOptions{policy.optimizer, policy.clip.value, policy.gathers() ? 1 : 0});
    return u;
  }
  // The inputs of an update, one after the other.
  struct Inputs {
    View views[10]{};
    int count = 0;

    constexpr void add(View view, Rows rows) {
      view.rows = rows;
      if (view.value >= 0) views[count++] = view;
    }
  };
  constexpr void add_rest(Inputs& inputs, View moments, Rows rows) const {
    inputs.add({numbers, {1, 1, StepNumbers::count}}, one_row);
    inputs.add(moments, rows);
  }
  constexpr void update_bias(int v, View g) {
    Value u = update_value(op::bias_update, v, biases[v].shape);
    u.reduces = true;
    Inputs inputs;
    inputs.add(g, Rows{});
    inputs.add(biases[v], one_row);
    add_rest(inputs, bias_moments[v], one_row);
    l.add_many(u, inputs.views, inputs.count);
  }
  constexpr View input_of(int v, int k = 0) {
    View x = f.input(f[v], k);
    x.value = kept(x.value);
    return x;
  }
  constexpr void update_table(int v, View g) {
    if (!scope.learns_weights[v]) return;
    Inputs inputs;
    const View tokens = input_of(v, 1);
    inputs.add(g, every_row(g.shape));
    inputs.add(weights[v], one_row);
    inputs.add(tokens, tokens.rows);
    add_rest(inputs, weight_moments[v], one_row);
    l.add_many(update_value(op::table_update, v, weights[v].shape), inputs.views, inputs.count);
  }
  constexpr void update_gru(int v, View sums, View hidden) {
    Inputs inputs;
    inputs.add(sums, one_row);
    inputs.add(weights[v], one_row);
    inputs.add(input_of(v), hidden.rows);
    add_rest(inputs, weight_moments[v], one_row);
    inputs.add(biases[v], one_row);
    inputs.add(bias_moments[v], one_row);
    inputs.add(hidden, hidden.rows);
    inputs.add(state_of(v), one_row);
    l.add_many(update_value(op::gru_update, v, weights[v].shape), inputs.views, inputs.count);
  }
  static constexpr Op update_of(const Op& op) {
    return op == op::depthwise        ? op::depthwise_update
           : op == op::conv3d         ? op::volume_update
           : op == op::transpose_conv ? op::transpose_update
           : op == op::layer_norm     ? op::norm_update
                                      : op::conv_update;
  }
  constexpr void update_dense(int v, View g) {
    Inputs inputs;
    inputs.add(g, one_row);
    inputs.add(weights[v], Rows{});
    inputs.add(input_of(v), Rows{});
    add_rest(inputs, weight_moments[v], Rows{});
    l.add_many(update_value(op::dense_update, v, weights[v].shape), inputs.views, inputs.count);
  }
  static constexpr Rows rows_of_windows(int v) {
    const Value& value = f[v];
    if (value.op == op::conv3d) return rows_met<false>(volume_window(f, value, false));
    if (value.op == op::transpose_conv) return rows_met<true>(volume_window(f, value, true));
    return f.rows(value);
  }
  // The bias as well, so that each row of the gradient is read once: whoever reads the old one
  // reads the old weights, for which the update waits.
  constexpr void update_windows(int v, View g) {
    const Value& value = f[v];
    Value u = update_value(update_of(value.op), v, weights[v].shape);
    u.reduces = true;
    u.filter = value.filter;
    u.stride = value.stride;
    u.dilation = value.dilation;
    u.left = value.left;
    u.weights.outputs = value.shape.channels;
    Inputs inputs;
    inputs.add(g, Rows{});
    inputs.add(weights[v], one_row);
    const View x = input_of(v);
    inputs.add(x, rows_of_windows(v));
    add_rest(inputs, weight_moments[v], one_row);
    if (scope.learns_bias[v]) inputs.add(biases[v], one_row);
    inputs.add(bias_moments[v], one_row);
    l.add_many(u, inputs.views, inputs.count);
  }
};

}  // namespace graven::core::detail
