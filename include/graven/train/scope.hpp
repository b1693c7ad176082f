// Which layers of a network learn, and what depends on them.
#pragma once

#include "graven/train/policy.hpp"
#include "graven/train/rules.hpp"

#include <cstddef>

namespace graven::core {

namespace detail {

// Layers that have weights which can learn, where they are float32.
constexpr bool can_learn(const Op& op) {
  return op == op::conv || op == op::dense || op == op::depthwise || op == op::conv3d ||
         op == op::transpose_conv || op == op::layer_norm || op == op::gru || op == op::lookup;
}
// A row of a table that the record has for each token: an Embedding.
constexpr bool is_embedding(const GraphView& g, const Value& v) {
  if (v.op != op::lookup || g.source(v).op != op::constant) return false;
  const auto o = v.options.get<LookupOptions>();
  return o.batches == 1 && o.outer == 1 && o.count == 1 && v.shape.height == 1 &&
         g.source(v, 1).element == Element::int32;
}
// Has the value float weights that a gradient can go into?
constexpr bool is_tunable(const GraphView& g, int value) {
  const Value& v = g[value];
  const bool is_float =
      v.weights.element == Element::float32 || v.weights.element == Element::inherit;
  return can_learn(v.op) && is_float && v.element == Element::float32 &&
         (v.op != op::lookup || is_embedding(g, v));
}
// Arrays that it has: weights alone, or a bias as well.
constexpr bool has_bias(const Value& v) {
  if (v.op == op::layer_norm) return v.options.get<LayerNormOptions>().centred != 0;
  return v.op != op::lookup;
}

template <int count> struct Scope {
  bool learns_weights[std::size_t{count}]{}, learns_bias[std::size_t{count}]{};
  bool live[std::size_t{count}]{};  // depends on what learns
  int parameters = 0;               // arrays that learn
};

// Which values learn, and which depend on them.
template <class Graph> constexpr auto scope_of(const Graph& graph, const Learns& learns) {
  Scope<static_cast<int>(sizeof(graph.values) / sizeof(graph.values[0]))> scope;
  const GraphView g = graph.view();
  int left = learns.layers > 0 ? learns.layers : g.count;
  bool some_marked = false;
  for (int v = 0; v < g.count; ++v) some_marked = some_marked || g[v].trainable;
  for (int v = g.count - 1; v >= 0; --v) {
    if (!is_tunable(g, v) || left == 0) continue;
    if (learns.layers == 0 && some_marked && !g[v].trainable) continue;
    --left;
    scope.learns_bias[v] = has_bias(g[v]);
    scope.learns_weights[v] = !learns.biases_only;
    scope.parameters += int{scope.learns_bias[v]} + int{scope.learns_weights[v]};
  }
  for (int v = 0; v < g.count; ++v) {
    scope.live[v] = scope.learns_bias[v] || scope.learns_weights[v];
    for (int k = 0; k < g[v].inputs; ++k)
      scope.live[v] = scope.live[v] || scope.live[g.input(g[v], k).value];
  }
  return scope;
}

// An array that learns: its value, that of its moments (-1: none), whose weights or bias it is.
struct Learning {
  int value = 0, moments = -1, forward = 0;
  bool is_bias = false;
};

}  // namespace detail

}  // namespace graven::core
