// The pass that makes a network learn: from the graph of its answers to the graph of a training
// step, of values that the same planner orders and places.
//
// Forward, layers that learn (or lie between those and the output) read their weights as values, of
// which the State holds those that change. Backward, each value has a gradient, the sum of what its
// readers send back (rules.hpp); weights are updated where they lie, when nobody needs the old ones
// any more.
#pragma once

#include "graven/train/forward.hpp"

namespace graven::core {

template <const auto& forward, const auto& params, TrainPolicy policy, bool steps>
class Differentiation : public detail::ForwardPass<forward, params, policy, steps> {
  using Base = detail::ForwardPass<forward, params, policy, steps>;
  using Base::bias_moments;
  using Base::f, Base::scope, Base::weights, Base::biases, Base::weight_moments;

public:
  using Base::l, Base::made, Base::numbers, Base::target, Base::refused;

  constexpr void differentiate() {
    this->go_forward();
    if (!steps) return;
    for (View& g : gradients) g.value = -1;
    for (int& v : again) v = -1;
    add_loss();
    for (int v = f.count - 1; v >= forward.input_count; --v)
      if (scope.live[v] && gradients[v].value >= 0) go_back(v);
  }

private:
  View gradients[std::size_t{forward.count}]{};  // value -1: none yet
  int again[std::size_t{forward.count}]{};       // values that are made again; -1: not yet

  // The same elements in rows of this shape: a copy, where a reshape moves their boundaries.
  constexpr View in_rows(View from, Shape shape, const Value& layer) {
    from.shape = shape;
    if (l.graph.values[from.value].shape.row() == shape.row()) return from;
    return l.copied(detail::gradient_value(op::copy, shape, layer), from);
  }
  constexpr void add_loss() {
    const int out = forward.outputs[0].value;
    const Shape shape = forward.outputs[0].shape;
    View said = in_rows({made[out], shape}, shape, f[out]);
    const bool by_scores = policy.loss.kind == LossKind::softmax_cross_entropy;
    int towards = out;  // whose gradient the loss's is
    if (by_scores && f[out].op == op::softmax && f[out].shape.channels == shape.channels) {
      towards = f.input(f[out]).value;
      if (f[out].options.template get<SoftmaxOptions>().beta != 1) refused = f[out].layer;
    } else if (by_scores) {
      said = l.add(detail::gradient_value(op::tuned_softmax, said.shape, f[out]), said);
    }
    Value loss = detail::gradient_value(op::loss, {}, f[out]);
    loss.options.set(policy.loss);
    loss.reduces = true;
    const View wanted{target, l.graph.values[target].shape};
    l.graph.outputs[0] = l.add(loss, said, wanted);
    l.graph.output_count = 1;
    Value slope = loss;
    slope.op = op::loss_gradient;
    slope.reduces = false;
    slope.shape = said.shape;
    send(towards, in_rows(l.add(slope, said, wanted), f[towards].shape, f[out]));
  }

  // A gradient of forward value v; there may be others.
  constexpr void send(int v, View gradient) {
    gradient = {gradient.value, f[v].shape};
    if (!scope.live[v]) return;
    if (gradients[v].value < 0) {
      gradients[v] = gradient;
      return;
    }
    Value sum = detail::gradient_value(op::add, f[v].shape, f[v]);
    sum.elementwise = true;
    gradients[v] = l.add(sum, gradients[v], gradient);
  }

  // What backward rules read of forward value v: it, or made again.
  constexpr int kept(int v) {
    if (!policy.remake || !scope.live[v] || !is_remade(v)) return made[v];
    if (again[v] >= 0) return again[v];
    View inputs[max_outputs + 2]{};
    const Value copy = l.graph.values[made[v]];
    for (int k = 0; k < copy.inputs; ++k) {
      inputs[k] = l.graph.views[copy.first_input + k];
      if (k < f[v].inputs) inputs[k].value = kept(f.input(f[v], k).value);
    }
    again[v] = l.add_many(copy, inputs, copy.inputs).value;
    return again[v];
  }
  static constexpr bool is_remade(int v) {
    int read = 0;
    for (int k = 0; k < f[v].inputs; ++k) read += f.source(f[v], k).shape.size();
    return !f[v].reduces && f[v].shape.size() > read;
  }

  constexpr void go_back(int v) {
    const Value& value = f[v];
    View g = gradients[v];
    if (value.activation != Activation::none) {
      Value masked = detail::gradient_value(op::clamp_gradient, value.shape, value);
      masked.activation = value.activation;
      masked.elementwise = true;
      g = l.add(masked, g, View{kept(v), value.shape});
    }
    if (detail::is_tunable(value))
      go_back_through_weights(v, g);
    else if (!go_back_through(v, g))
      refused = value.layer;
  }

  constexpr void go_back_through_weights(int v, View g) {
    const View x = f.input(f[v]);
    if (scope.live[x.value]) {
      if (!detail::reads_all(f, x)) refused = f[v].layer;
      const detail::Sent sent = detail::through_weights(f, v, g, weights[v]);
      send(x.value, l.add(sent.value, sent.inputs[0], sent.inputs[1]));
    }
    const bool at_once = detail::is_dense(f, v) && f[v].shape.pixels() == 1;
    if (scope.learns_bias[v] && (at_once || !scope.learns_weights[v])) update_bias(v, g);
    if (scope.learns_weights[v] && at_once) update_dense(v, g);
    if (scope.learns_weights[v] && !at_once) update_windows(v, g);
  }
  constexpr bool go_back_through(int v, View g) {
    for (int k = 0; k < f[v].inputs; ++k) {
      const View in = f.input(f[v], k);
      if (!scope.live[in.value]) continue;
      const detail::Sent sent = detail::through(f, v, k, g);
      if (!sent.is_known || !detail::reads_all(f, in)) return false;
      if (sent.is_same) {
        send(in.value, g);
      } else if (sent.value.op == op::copy) {
        send(in.value, l.copied(sent.value, {g.value, f[in.value].shape}));
      } else if (sent.reads == detail::Sent::nothing) {
        send(in.value, l.add(sent.value, sent.inputs[0]));
      } else {
        View other = sent.inputs[1];
        other.value = kept(sent.reads == detail::Sent::x ? in.value : v);
        send(in.value, l.add(sent.value, sent.inputs[0], other));
      }
    }
    return true;
  }

  // ---- updates ----

  constexpr Value update_value(const Op& op, int v, Shape shape) const {
    Value u = detail::gradient_value(op, shape, f[v]);
    u.persistent = true;
    u.options.set(UpdateOptions{policy.optimizer, policy.clip.value, policy.gathers() ? 1 : 0});
    return u;
  }
  // The inputs of an update, one after the other.
  struct Inputs {
    View views[8]{};
    int count = 0;

    constexpr void add(View view, Rows rows) {
      view.rows = rows;
      if (view.value >= 0) views[count++] = view;
    }
  };
  constexpr void add_rest(Inputs& inputs, View moments, Rows rows) const {
    inputs.add({numbers, {1, 1, StepNumbers::count}}, detail::one_row);
    inputs.add(moments, rows);
  }
  constexpr void update_bias(int v, View g) {
    Value u = update_value(op::bias_update, v, biases[v].shape);
    u.reduces = true;
    Inputs inputs;
    inputs.add(g, Rows{});
    inputs.add(biases[v], detail::one_row);
    add_rest(inputs, bias_moments[v], detail::one_row);
    l.add_many(u, inputs.views, inputs.count);
  }
  constexpr View input_of(int v) {
    View x = f.input(f[v]);
    x.value = kept(x.value);
    return x;
  }
  constexpr void update_dense(int v, View g) {
    Inputs inputs;
    inputs.add(g, detail::one_row);
    inputs.add(weights[v], Rows{});
    inputs.add(input_of(v), Rows{});
    add_rest(inputs, weight_moments[v], Rows{});
    l.add_many(update_value(op::dense_update, v, weights[v].shape), inputs.views, inputs.count);
  }
  // The bias as well, so that each row of the gradient is read once: whoever reads the old one
  // reads the old weights, for which the update waits.
  constexpr void update_windows(int v, View g) {
    const Value& value = f[v];
    const bool is_depthwise = value.op == op::depthwise;
    Value u =
        update_value(is_depthwise ? op::depthwise_update : op::conv_update, v, weights[v].shape);
    u.reduces = true;
    u.filter = value.filter;
    u.stride = value.stride;
    u.dilation = value.dilation;
    u.left = value.left;
    u.weights.outputs = value.shape.channels;
    Inputs inputs;
    inputs.add(g, Rows{});
    inputs.add(weights[v], detail::one_row);
    const View x = input_of(v);
    inputs.add(x, x.rows);
    add_rest(inputs, weight_moments[v], detail::one_row);
    inputs.add(biases[v], detail::one_row);
    inputs.add(bias_moments[v], detail::one_row);
    l.add_many(u, inputs.views, inputs.count);
  }
};

namespace detail {

template <const auto& forward, const auto& params, TrainPolicy policy, bool steps>
inline constexpr auto differentiated = [] {
  Differentiation<forward, params, policy, steps> d;
  d.differentiate();
  return d;
}();

// Its graph, with no more room than it fills.
template <const auto& forward, const auto& params, TrainPolicy policy, bool steps>
inline constexpr auto learning_graph = [] {
  constexpr const auto& d = differentiated<forward, params, policy, steps>;
  constexpr const auto& large = d.l.graph;
  ValueGraph<large.count, large.view_count, d.layers> g{};
  for (int v = 0; v < large.count; ++v) g.values[v] = large.values[v];
  for (int i = 0; i < large.view_count; ++i) g.views[i] = large.views[i];
  for (int o = 0; o < large.output_count; ++o) g.outputs[o] = large.outputs[o];
  g.count = large.count;
  g.view_count = large.view_count;
  g.input_count = large.input_count;
  g.output_count = large.output_count;
  return g;
}();

}  // namespace detail

}  // namespace graven::core
