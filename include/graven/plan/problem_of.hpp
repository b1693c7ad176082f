// The planner's problem of a graph and an instruction set: what every step reads, how many bytes
// rows and scratch take.
#pragma once

#include "graven/graph/fuse.hpp"
#include "graven/kernel/task.hpp"
#include "graven/plan/schedule.hpp"

#include <array>
#include <cstddef>
#include <type_traits>
#include <utility>

namespace graven::core {

template <const auto& graph, class Isa, int value>
using kernel_of = decltype(Isa::kernels::template kernel<graph, value>());

namespace detail {

constexpr int steps_of(const GraphView& g, int value, int band) {
  const Value& v = g[value];
  if (v.op == op::input || v.op == op::constant || v.op == op::state) return 0;
  return v.steps(g.input(v).shape.height, band);
}

// Output rows per step. An instruction set whose bands depend on all of the graph says them as
// `template <const auto& graph> static constexpr int band_in(int value)`.
template <const auto& graph, class Isa> constexpr int band_of(int value) {
  if constexpr (requires { Isa::template band_in<graph>(0); })
    return Isa::template band_in<graph>(value);
  else
    return Isa::band(graph.view(), value);
}

// Rows of input k that step s of a value reads, clipped to the input.
constexpr plan::Span span_of(const GraphView& g, const Value& v, int k, int step, int band) {
  const View& in = g.input(v, k);
  const int height = in.shape.height;
  if (v.reduces && k == 0) return {in.first + step, in.first + step};
  const int top = step * band, end = v.reduces ? step + 1 : v.shape.height;
  const int bottom = (top + band < end ? top + band : end) - 1;
  const int first = in.rows.start(top);
  const int last = in.rows.start(bottom) + in.rows.reach() - 1;
  if (last < 0 || first >= height) return {0, -1};
  return {in.first + (first < 0 ? 0 : first), in.first + (last < height ? last : height - 1)};
}

// A new content has to wait until all that read the old one are done: value `reader` of `value`?
constexpr bool waits_for(const GraphView& g, int value, int reader) {
  if (!g[value].op.has(Trait::replaces) || g[reader].op.has(Trait::replaces)) return false;
  for (int k = 0; k < g[reader].inputs; ++k)
    if (g.input(g[reader], k).value == g.input(g[value], 1).value) return true;
  return false;
}
constexpr int count_waits(const GraphView& g, int value) {
  int waits = 0;
  if (!g[value].op.has(Trait::replaces)) return 0;
  for (int r = 0; r < g.count; ++r) waits += waits_for(g, value, r);
  return waits;
}
constexpr int count_waits(const GraphView& g) {
  int waits = 0;
  for (int v = 0; v < g.count; ++v)
    if (const int own = count_waits(g, v); own > 0) waits += g[v].inputs + own;
  return waits;
}

template <const auto& graph> inline constexpr auto readers_of = all_readers(graph);

// The input that an elementwise value may overwrite: one that nobody else reads, of equal rows.
template <const auto& graph, class Isa> constexpr int overwritten(int value) {
  constexpr GraphView g = graph.view();
  const Value& v = g[value];
  if (v.op.has(Trait::replaces)) return g.source(v, 1).op == op::state ? g.input(v, 1).value : -1;
  if (!v.elementwise || v.persistent || is_output(graph, value) || band_of<graph, Isa>(value) != 1)
    return -1;
  for (int k = 0; k < v.inputs; ++k) {
    const int source = g.input(v, k).value;
    const Op op = g[source].op;
    if (op == op::input || op == op::constant || g[source].persistent || is_output(graph, source))
      continue;
    if (readers_of<graph>.data()[source] == 1 && g[source].shape.height == v.shape.height &&
        Isa::row_form(g, source).bytes == Isa::row_form(g, value).bytes)
      return source;
  }
  return -1;
}

template <const auto& graph, class Isa, int value> constexpr int scratch_of() {
  using K = kernel_of<graph, Isa, value>;
  if constexpr (graph.values[value].op == op::input || std::is_void_v<K>)
    return 0;
  else
    return K::scratch(graph.view(), graph.values[value]);
}

template <const auto& graph, class Isa> constexpr int count_spans() {
  int spans = 0;
  for (int v = 0; v < graph.count; ++v)
    spans += steps_of(graph.view(), v, band_of<graph, Isa>(v)) *
             (graph.values[v].inputs + count_waits(graph.view(), v));
  return spans > 0 ? spans : 1;
}

// What value `id` reads, and whom it waits for. `span`, `waiting`: the first free places.
template <class Problem>
constexpr void add_reads(Problem& p, const GraphView& g, int id, int& span, int& waiting) {
  const Value& v = g[id];
  plan::Facts& f = p.values[id];
  f.waits = count_waits(g, id);
  f.first_read = f.waits > 0 ? waiting : v.first_input;
  f.read_count = v.inputs + f.waits;
  f.first_span = span;
  for (int k = 0; k < v.inputs; ++k) p.reads[f.first_read + k] = g.input(v, k).value;
  if (f.waits > 0) waiting += v.inputs;
  for (int r = 0; f.waits > 0 && r < g.count; ++r)
    if (waits_for(g, id, r)) p.reads[waiting++] = r;
  for (int s = 0; s < f.steps; ++s)
    for (int k = 0; k < f.read_count; ++k)
      p.spans[span++] = k < v.inputs ? span_of(g, v, k, s, f.band)
                        : f.waits_at(s)
                            ? plan::Span{0, g[p.reads[f.first_read + k]].shape.height - 1}
                            : plan::Span{0, -1};
}

template <const auto& graph, class Isa, bool apart, bool row_input, std::size_t... I>
constexpr auto make_problem(std::index_sequence<I...>) {
  constexpr GraphView g = graph.view();
  constexpr int views = graph.view_count > 0 ? graph.view_count : 1;
  plan::Problem<graph.count, views + count_waits(g), count_spans<graph, Isa>()> p{};
  const std::array<int, graph.count> scratch{scratch_of<graph, Isa, static_cast<int>(I)>()...};
  int span = 0, waiting = views;  // behind the views: the reads of values that wait
  for (int id = 0; id < graph.count; ++id) {
    const Value& v = g[id];
    plan::Facts& f = p.values[id];
    f.band = band_of<graph, Isa>(id);
    f.rows = v.shape.height;
    f.row_bytes = Isa::row_form(g, id).bytes;
    f.wide = size_of(v.element) == 8;
    f.steps = steps_of(g, id, f.band);
    f.scratch = scratch[static_cast<std::size_t>(id)];
    f.reduces = v.reduces;
    f.carries = v.reduces || v.carries;
    f.is_input = v.op == op::input && !row_input;
    if (v.op == op::input && row_input) f.steps = f.rows;
    f.is_constant = v.op == op::constant;
    f.persistent = v.persistent;
    f.fresh = v.persistent && f.rows <= plan::most_places ? v.fresh : 0;
    f.overwrites = apart && !v.op.has(Trait::replaces) ? -1 : overwritten<graph, Isa>(id);
    add_reads(p, g, id, span, waiting);
  }
  for (int o = 0; o < graph.output_count; ++o) p.values[graph.outputs[o].value].is_output = true;
  for (int i = 0; i < graph.view_count; ++i) {
    if (graph.views[i].first == 0) continue;
    plan::Facts& f = p.values[graph.views[i].value];
    f.sliced = true;
    if (f.rows > plan::most_places) f.overwrites = -1;  // it may have a ring
  }
  if (!apart) plan::trim(p);
  return p;
}

}  // namespace detail

template <const auto& graph, class Isa, bool apart, bool row_input>
inline constexpr auto problem_of = detail::make_problem<graph, Isa, apart, row_input>(
    std::make_index_sequence<static_cast<std::size_t>(graph.count)>());

}  // namespace graven::core
