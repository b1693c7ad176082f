// Passes over the graph: each leaves an equivalent, smaller one.
#pragma once

#include "graven/graph/lowering.hpp"

#include <array>

namespace graven::core {

namespace detail {

template <class Graph> constexpr int readers(const Graph& g, int value) {
  int count = 0;
  for (int v = g.input_count; v < g.count; ++v)
    for (int k = 0; k < g.values[v].inputs; ++k)
      count += g.views[g.values[v].first_input + k].value == value ? 1 : 0;
  for (int o = 0; o < g.output_count; ++o) count += g.outputs[o].value == value ? 1 : 0;
  return count;
}

// The same of every value: one look at the graph, where asking for each takes one per value.
template <class Graph> constexpr auto all_readers(const Graph& g) {
  std::array<int, sizeof(g.values) / sizeof(g.values[0])> counts{};
  int* const count = counts.data();  // no call per element: compilers count them
  for (int v = g.input_count; v < g.count; ++v)
    for (int k = 0; k < g.values[v].inputs; ++k)
      ++count[g.views[g.values[v].first_input + k].value];
  for (int o = 0; o < g.output_count; ++o) ++count[g.outputs[o].value];
  return counts;
}

template <class Graph> constexpr bool is_output(const Graph& g, int value) {
  for (int o = 0; o < g.output_count; ++o)
    if (g.outputs[o].value == value) return true;
  return false;
}

// Removes value `gone`; its readers read `instead`.
template <class Graph> constexpr void replace(Graph& g, int gone, int instead) {
  auto renumber = [&](View& view) {
    if (view.value == gone) view.value = instead;
    if (view.value > gone) --view.value;
  };
  for (int i = 0; i < g.view_count; ++i) renumber(g.views[i]);
  for (auto& layer : g.layers) renumber(layer);
  for (int o = 0; o < g.output_count; ++o) renumber(g.outputs[o]);
  for (int v = gone; v + 1 < g.count; ++v) g.values[v] = g.values[v + 1];
  --g.count;
}

}  // namespace detail

// A ReLU that keeps the quantization becomes the clamp of the layer before it.
template <class Graph> constexpr void fuse_activations(Graph& g) {
  for (int v = g.input_count; v < g.count; ++v) {
    const Value& map = g.values[v];
    const Activation activation = map.activation;
    if (map.op != op::clamp || activation == Activation::none) continue;
    const View& read = g.views[map.first_input];
    const int source = read.value;
    Value& before = g.values[source];
    const bool whole = read.shape.size() == before.shape.size();  // no part of it (Split)
    if (!whole || !before.op.has(Trait::clamps) || before.activation != Activation::none ||
        before.element != map.element || before.quant != map.quant ||
        detail::readers(g, source) != 1)
      continue;
    before.activation = activation;
    detail::replace(g, v--, source);
  }
}

namespace detail {

// Is the value `old` rows of a Variable above new ones, joined along the height as they are?
template <class Graph> constexpr bool lengthens_state(const Graph& g, const Value& v) {
  if (v.op != op::concat || v.inputs != 2 || v.activation != Activation::none) return false;
  const View &old = g.views[v.first_input], &rest = g.views[v.first_input + 1];
  const Value &state = g.values[old.value], &fresh = g.values[rest.value];
  return state.op == op::state && old.rows.elsewhere && old.shape == state.shape &&
         state.options.template get<ConstantOptions>().index < 0 && state.quant == v.quant &&
         state.element == v.element && fresh.quant == v.quant && fresh.element == v.element;
}
// Has the value `assign` the last rows of value `joined` as its content?
template <class Graph> constexpr bool keeps_last(const Graph& g, const Value& assign, int joined) {
  const View& content = g.views[assign.first_input];
  const Shape whole = g.values[joined].shape, kept = assign.shape;
  return content.value == joined && kept.row() == whole.row() && content.rows.count == 1 &&
         content.rows.straight() && content.rows.advance() == 1 &&
         content.rows.start(0) == whole.height - kept.height;
}

}  // namespace detail

// A delay line: rows of a Variable and new ones, of which the last become its content. They are one
// value of which the last rows persist, as a stream has it (timeline.hpp): each is moved up once.
template <class Graph> constexpr void fuse_delay_lines(Graph& g) {
  for (int assign = g.input_count; assign < g.count; ++assign) {
    const Value& content = g.values[assign];
    if (content.op != op::assign) continue;
    const int state = g.views[content.first_input + 1].value;
    const int joined = g.views[content.first_input].value;
    Value& v = g.values[joined];
    if (!detail::lengthens_state(g, v) || g.views[v.first_input].value != state ||
        !detail::keeps_last(g, content, joined) || detail::is_output(g, joined) ||
        detail::readers(g, state) != 2)
      continue;
    const int kept = content.shape.height;
    v.op = op::window;
    v.persistent = true;
    v.fresh = v.shape.height - kept;
    View& own = g.views[v.first_input];
    own = {joined, own.shape, v.fresh, {.elsewhere = true}};
    detail::replace(g, assign, joined);
    detail::replace(g, state, joined - (assign < joined ? 1 : 0));
    assign = g.input_count - 1;  // values have moved
  }
}

// What no output depends on is neither computed nor packed; its layer shows what it would read.
template <class Graph> constexpr void drop_unused(Graph& g) {
  auto counts = detail::all_readers(g);
  int* const uses = counts.data();
  for (int v = g.count - 1; v >= g.input_count; --v) {
    const Value& value = g.values[v];
    if (uses[v] > 0 || value.persistent) continue;
    for (int k = 0; k < value.inputs; ++k) --uses[g.views[value.first_input + k].value];
    detail::replace(g, v, value.inputs > 0 ? g.views[value.first_input].value : 0);
  }
}

// The views of values that are gone would take room in the tables.
template <class Graph> constexpr void drop_unused_views(Graph& g) {
  int count = 0;
  for (int v = g.input_count; v < g.count; ++v) {
    Value& value = g.values[v];
    const int first = value.first_input;
    value.first_input = count;
    for (int k = 0; k < value.inputs; ++k) g.views[count++] = g.views[first + k];
  }
  g.view_count = count;
}

// A model input that is only read reshaped comes in the new rows at once.
template <class Graph> constexpr void reshape_inputs(Graph& g) {
  for (int v = g.input_count; v < g.count; ++v) {
    if (g.values[v].op != op::copy || detail::is_output(g, v)) continue;
    const int source = g.views[g.values[v].first_input].value;
    const bool whole = g.values[v].shape.size() == g.values[source].shape.size();
    if (source >= g.input_count || !whole || detail::readers(g, source) != 1) continue;
    g.values[source].shape = g.values[v].shape;
    detail::replace(g, v--, source);
  }
}

// A copy of which some rows are read, or yielded by a layer, and the others never, is one of those
// rows, from one on that begins a row of the source (the kernel counts from there).
template <class Graph> constexpr void narrow_copies(Graph& g) {
  for (int v = g.input_count; v < g.count; ++v) {
    Value& copy = g.values[v];
    if (copy.op != op::copy || detail::is_output(g, v)) continue;
    const int row = copy.shape.row();
    int begin = copy.shape.height, end = 0;
    auto each_view = [&](auto&& f) {
      for (int i = 0; i < g.view_count; ++i)
        if (g.views[i].value == v) f(g.views[i]);
      for (View& layer : g.layers)
        if (layer.value == v) f(layer);
    };
    each_view([&](const View& read) {
      const int behind = read.first + (read.shape.size() + row - 1) / row;
      begin = read.first < begin ? read.first : begin;
      end = behind > end ? behind : end;
    });
    View& source = g.views[copy.first_input];
    while (begin > 0 && begin * row % source.shape.row() != 0) --begin;
    if (begin >= end || end - begin == copy.shape.height) continue;
    copy.shape.height = end - begin;
    source.rows = cut_rows(source.rows.first + begin * row, source.shape.row(), copy.shape);
    each_view([&](View& view) { view.first -= begin; });
  }
}

// A float32 model input that only Dense layers read, as a whole, is one row: their sums need no
// step for each row. (Integers are widened or packed in scratch, which one long row would make
// long.)
template <class Graph> constexpr void flatten_inputs(Graph& g) {
  for (int i = 0; i < g.input_count; ++i) {
    Value& input = g.values[i];
    const int size = input.shape.size();
    bool flat = input.element == Element::float32 && input.shape.height > 1;
    auto each_reader = [&](auto&& f) {
      for (int v = g.input_count; v < g.count; ++v)
        for (int k = 0; k < g.values[v].inputs; ++k)
          if (View& read = g.views[g.values[v].first_input + k]; read.value == i)
            f(g.values[v], read);
    };
    each_reader([&](const Value& v, const View& read) {
      flat = flat && v.op == op::dense && v.element == Element::float32 && read.first == 0 &&
             read.shape.size() == size;
    });
    for (int o = 0; o < g.output_count; ++o) flat = flat && g.outputs[o].value != i;
    if (!flat) continue;
    input.shape = {1, 1, size};
    each_reader([&](Value& v, View& read) {
      v.op = op::conv;
      v.reduces = false;
      read.shape = input.shape;
    });
  }
}

}  // namespace graven::core
