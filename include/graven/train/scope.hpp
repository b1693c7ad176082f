// Which layers of a network learn, and what depends on them.
#pragma once

#include "graven/train/policy.hpp"
#include "graven/train/rules.hpp"

#include <cstddef>

namespace graven::core {

namespace detail {

// Does the value multiply by float weights that a gradient can go through?
constexpr bool is_tunable(const Value& v) {
  const bool is_known = v.op == op::conv || v.op == op::dense || v.op == op::depthwise;
  const bool is_float =
      v.weights.element == Element::float32 || v.weights.element == Element::inherit;
  return is_known && is_float && v.element == Element::float32;
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
    if (!is_tunable(g[v]) || left == 0) continue;
    if (learns.layers == 0 && some_marked && !g[v].trainable) continue;
    --left;
    scope.learns_bias[v] = true;
    scope.learns_weights[v] = !learns.biases_only;
    scope.parameters += learns.biases_only ? 1 : 2;
  }
  for (int v = 0; v < g.count; ++v) {
    scope.live[v] = scope.learns_bias[v];
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
