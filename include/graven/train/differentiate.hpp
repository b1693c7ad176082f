// The pass that makes a network learn: from the graph of its answers to the graph of a training
// step, of values that the same planner orders and places.
//
// Forward, layers that learn (or lie between those and the output) read their weights as values, of
// which the State holds those that change. Backward, each value has a gradient, the sum of what its
// readers send back (rules.hpp); weights are updated where they lie, when nobody needs the old ones
// any more.
#pragma once

#include "graven/train/updating.hpp"

namespace graven::core {

template <const auto& forward, const auto& params, TrainPolicy policy, bool steps>
class Differentiation : public detail::Updating<forward, params, policy, steps> {
  using Base = detail::Updating<forward, params, policy, steps>;
  using Base::f, Base::scope, Base::weights, Base::biases;
  using typename Base::Inputs;

public:
  using Base::l, Base::made, Base::numbers, Base::target, Base::refused;

  constexpr void differentiate() {
    this->go_forward();
    if (!steps) return;
    for (View& g : gradients) g.value = -1;
    add_loss();
    for (int v = f.count - 1; v >= forward.input_count; --v)
      if (scope.live[v] && gradients[v].value >= 0) go_back(v);
  }

private:
  View gradients[std::size_t{forward.count}]{};  // value -1: none yet

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
    const bool by_logits = policy.loss.kind == LossKind::binary_cross_entropy;
    const bool by_scores = policy.loss.kind == LossKind::softmax_cross_entropy;
    int towards = out;  // whose gradient the loss's is
    if (by_scores && f[out].op == op::softmax && f[out].shape.channels == shape.channels) {
      towards = f.input(f[out]).value;
      if (f[out].options.template get<SoftmaxOptions>().beta != 1) refused = f[out].layer;
    } else if (by_logits && f[out].op == op::map &&
               is_same(f[out].function.exact, Sigmoid::exact)) {
      towards = f.input(f[out]).value;
      said = in_rows({made[towards], shape}, shape, f[out]);
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

  // A gradient of what a layer reads of a forward value: all of it, or `count` elements from
  // `first` on.
  constexpr void send(const View& in, View gradient) {
    send_part(in.value, in.first * f[in.value].shape.row(), in.shape.size(), gradient);
  }
  constexpr void send_part(int v, int first, int count, View gradient) {
    if (first == 0 && count == f[v].shape.size()) return send(v, gradient);
    if (!scope.live[v]) return;
    Value placed = detail::gradient_value(op::place_gradient, f[v].shape, f[v]);
    placed.options.set(PlaceOptions{first, count});
    gradient.shape = l.graph.values[gradient.value].shape;
    gradient.rows = Base::every_row(gradient.shape);
    send(v, l.add(placed, gradient));
  }

  constexpr void go_back(int v) {
    const Value& value = f[v];
    View g = gradients[v];
    if (value.activation != Activation::none) {
      Value masked = detail::gradient_value(op::clamp_gradient, value.shape, value);
      masked.activation = value.activation;
      masked.elementwise = true;
      g = l.add(masked, g, View{this->kept(v), value.shape});
    }
    if (detail::is_tunable(f, v))
      go_back_through_weights(v, g);
    else if (!go_back_through(v, g))
      refused = value.layer;
  }

  constexpr void go_back_through_weights(int v, View g) {
    const View x = f.input(f[v]);
    if (f[v].op == op::lookup) return this->update_table(v, g);
    if (f[v].op == op::gru) return go_back_through_gru(v, g);
    if (f[v].op == op::layer_norm) return go_back_through_norm(v, g);
    if (scope.live[x.value]) {
      const detail::Sent sent = detail::through_weights(f, v, g, weights[v]);
      send(x, l.add(sent.value, sent.inputs[0], sent.inputs[1]));
    }
    const bool at_once = detail::is_dense(f, v) && f[v].shape.pixels() == 1;
    if (scope.learns_bias[v] && (at_once || !scope.learns_weights[v])) this->update_bias(v, g);
    if (scope.learns_weights[v] && at_once) this->update_dense(v, g);
    if (scope.learns_weights[v] && !at_once) this->update_windows(v, g);
  }
  constexpr bool go_back_through(int v, View g) {
    for (int k = 0; k < f[v].inputs; ++k) {
      const View in = f.input(f[v], k);
      if (!scope.live[in.value]) continue;
      const detail::Sent sent = detail::through(f, v, k, g);
      if (!sent.is_known) return false;
      if (sent.is_same) {
        send(in, g);
      } else if (sent.value.op == op::copy) {
        go_back_through_copy(f[v], g);
      } else if (sent.reads == detail::Sent::nothing) {
        send(in, l.add(sent.value, sent.inputs[0]));
      } else if (sent.reads == detail::Sent::x) {
        View x = this->input_of(v, k);
        x.rows = sent.inputs[1].rows;
        send(in, l.add(sent.value, sent.inputs[0], x));
      } else {
        View y = sent.inputs[1];
        y.value = this->kept(v);
        send(in, l.add(sent.value, sent.inputs[0], y));
      }
    }
    return true;
  }
  // Rows of a value in other rows, or some of its elements.
  constexpr void go_back_through_copy(const Value& copy, View g) {
    const View in = f.input(copy);
    const Shape from = f[in.value].shape;
    if (copy.shape.size() != from.size())
      return send_part(in.value, in.rows.first, copy.shape.size(), g);
    send(in.value, l.copied(detail::gradient_value(op::copy, from, copy), {g.value, from}));
  }
  constexpr void go_back_through_norm(int v, View g) {
    View gamma = weights[v];
    gamma.rows = detail::one_row;
    if (const View x = f.input(f[v]); scope.live[x.value]) {
      Value sent = detail::gradient_value(op::norm_gradient, x.shape, f[v]);
      sent.options = f[v].options;
      send(x, l.add(sent, g, this->input_of(v), gamma));
    }
    if (scope.learns_weights[v])
      this->update_windows(v, g);
    else if (scope.learns_bias[v])
      this->update_bias(v, g);
  }
  // The inputs are read as a whole, for time goes backwards.
  constexpr void go_back_through_gru(int v, View g) {
    const Value& value = f[v];
    const Shape x = f.input(value).shape;
    const int moments = x.pixels(), units = value.shape.channels;
    const View hidden{made[v], value.shape, 0, Base::every_row(x)};
    g.rows = Base::every_row(x);
    Inputs inputs;
    inputs.add(g, g.rows);
    inputs.add(this->input_of(v), g.rows);
    inputs.add(hidden, hidden.rows);
    inputs.add(this->state_of(v), detail::one_row);
    inputs.add(weights[v], detail::one_row);
    inputs.add(biases[v], detail::one_row);
    const Value sums =
        detail::gradient_value(op::gru_sums_gradient, {1, moments, 4 * units}, value);
    const View made_sums = l.add_many(sums, inputs.views, inputs.count);
    if (scope.live[f.input(value).value]) {
      View from = made_sums, w = weights[v];
      from.rows = w.rows = detail::one_row;
      send(f.input(value), l.add(detail::gradient_value(op::gru_gradient, x, value), from, w));
    }
    if (scope.learns_weights[v])
      this->update_gru(v, made_sums, hidden);
    else if (scope.learns_bias[v])
      this->update_bias(v, made_sums);
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
  // One view more: kernels ask what the first input is, also of a value that has none.
  ValueGraph<large.count, large.view_count + 1, d.layers> g{};
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
