// From the network's type to constexpr values: the graph, and the planner's problem.
#pragma once

#include "graven/kernel.hpp"
#include "graven/network.hpp"
#include "graven/passes.hpp"
#include "graven/split.hpp"

#include <array>
#include <cstddef>
#include <limits>
#include <utility>

namespace graven {

// Shapes of the inputs of a network with several: Model<Network, shapes(Shape{..}, Shape{..}), ...>
template <class... Shapes> constexpr auto shapes(Shapes... each) {
  return std::array<Shape, sizeof...(Shapes)>{each...};
}

namespace detail {

constexpr std::array<Shape, 1> input_shapes(Shape one) { return {one}; }
template <std::size_t N> constexpr std::array<Shape, N> input_shapes(std::array<Shape, N> all) {
  return all;
}

template <std::size_t N> constexpr int length(const Parameters (&)[N]) {
  return static_cast<int>(N);
}

template <class Network, auto inputs, std::size_t... I>
constexpr Shape output_shape(std::index_sequence<I...>) {
  return detail::output<Network, At{inputs[I], 0}...>();
}

template <class Network, auto inputs, const auto& params, bool fuse, std::size_t... I>
constexpr auto lower_network(std::index_sequence<I...>) {
  constexpr int layers = count_layers<Network>(), count = sizeof...(I);
  constexpr int views = count_views<Network>();
  constexpr int copies = views > 4 * layers ? views - 4 * layers : 0;
  Lowering<2 * layers + copies + count + max_outputs, views + layers + max_outputs, layers> l{
      params, length(params)};
  for (Shape shape : inputs) l.add_input(shape);
  const View out =
      detail::lower<Network, At{inputs[I], 0}...>(l, View{static_cast<int>(I), inputs[I]}...);
  if constexpr (requires { Network::output_count; }) l.graph.output_count = Network::output_count;
  if (l.graph.output_count < 2) {
    l.graph.output_count = 1;
    l.graph.outputs[0] = out;
  }
  for (int o = 0; o < l.graph.output_count; ++o) l.own_output(o);
  if (fuse) {
    fuse_activations(l.graph);
    drop_unused(l.graph);
  }
  reshape_inputs(l.graph);
  drop_unused_views(l.graph);
  return l.graph;
}

}  // namespace detail

namespace detail {

template <class Network, auto inputs>
inline constexpr bool
    fits = output_shape<Network, inputs>(std::make_index_sequence<inputs.size()>()).exists();

// A network with a mistake in it is replaced by an empty one: nothing more is said.
template <class Network, auto inputs, const auto& params, bool fuse> constexpr auto make_graph() {
  if constexpr (fits<Network, inputs>)
    return lower_network<Network, inputs, params, fuse>(std::make_index_sequence<inputs.size()>());
  else
    return lower_network<Identity, std::array{Shape{}}, params, fuse>(std::index_sequence<0>());
}

}  // namespace detail

template <class Network, auto inputs, const auto& params, bool fuse>
inline constexpr auto graph_of = detail::make_graph<Network, inputs, params, fuse>();

// ---- the planner's problem -------------------------------------------------------------------

template <const auto& graph, class Isa, int value>
using kernel_of = decltype(Isa::template kernel<graph, value>());

namespace detail {

constexpr int steps_of(const GraphView& g, int value, int band) {
  const Value& v = g[value];
  if (v.op == Op::input || v.op == Op::constant) return 0;
  return v.reduces ? g.input(v).shape.height : (v.shape.height + band - 1) / band;
}

// Rows of input k that step s of a value reads, clipped to the input.
constexpr plan::Span span_of(const GraphView& g, const Value& v, int k, int step, int band) {
  const View& in = g.input(v, k);
  const int height = in.shape.height;
  if (v.reduces) return {in.first + step, in.first + step};
  const int top = step * band,
            bottom = (top + band < v.shape.height ? top + band : v.shape.height) - 1;
  const int first = first_read(g, v, k, top);
  const int last = first_read(g, v, k, bottom) + (v.rows.count - 1) * v.rows.dilation;
  if (last < 0 || first >= height) return {0, -1};
  return {in.first + (first < 0 ? 0 : first), in.first + (last < height ? last : height - 1)};
}

// The input that an elementwise value may overwrite: one that nobody else reads, of equal rows.
template <const auto& graph, class Isa> constexpr int overwritten(int value) {
  constexpr GraphView g = graph.view();
  const Value& v = g[value];
  if (!v.elementwise || v.persistent || is_output(graph, value) || Isa::band(g, value) != 1)
    return -1;
  for (int k = 0; k < v.inputs; ++k) {
    const int source = g.input(v, k).value;
    const Op op = g[source].op;
    if (op == Op::input || op == Op::constant || g[source].persistent || is_output(graph, source))
      continue;
    if (readers(graph, source) == 1 && g[source].shape.height == v.shape.height &&
        Isa::row_form(g, source).bytes == Isa::row_form(g, value).bytes)
      return source;
  }
  return -1;
}

template <const auto& graph, class Isa, int value> constexpr int scratch_of() {
  using K = kernel_of<graph, Isa, value>;
  if constexpr (graph.values[value].op == Op::input || std::is_void_v<K>)
    return 0;
  else
    return K::scratch(graph.view(), graph.values[value]);
}

template <const auto& graph, class Isa> constexpr int count_spans() {
  int spans = 0;
  for (int v = 0; v < graph.count; ++v)
    spans += steps_of(graph.view(), v, Isa::band(graph.view(), v)) * graph.values[v].inputs;
  return spans > 0 ? spans : 1;
}

template <const auto& graph, class Isa, bool apart, bool row_input, std::size_t... I>
constexpr auto make_problem(std::index_sequence<I...>) {
  constexpr GraphView g = graph.view();
  constexpr int views = graph.view_count > 0 ? graph.view_count : 1;
  plan::Problem<graph.count, views, count_spans<graph, Isa>()> p{};
  const std::array<int, graph.count> scratch{scratch_of<graph, Isa, static_cast<int>(I)>()...};
  int span = 0;
  for (int id = 0; id < graph.count; ++id) {
    const Value& v = g[id];
    plan::Facts& f = p.values[id];
    f.band = Isa::band(g, id);
    f.rows = v.shape.height;
    f.row_bytes = Isa::row_form(g, id).bytes;
    f.wide = size_of(v.element) == 8;
    f.steps = steps_of(g, id, f.band);
    f.scratch = scratch[id];
    f.reduces = v.reduces;
    f.is_input = v.op == Op::input && !row_input;
    if (v.op == Op::input && row_input) f.steps = f.rows;
    f.is_constant = v.op == Op::constant;
    f.persistent = v.persistent;
    f.fresh = v.persistent && f.rows <= plan::most_places ? v.fresh : 0;
    f.overwrites = apart ? -1 : overwritten<graph, Isa>(id);
    f.first_read = v.first_input;
    f.read_count = v.inputs;
    f.first_span = span;
    for (int k = 0; k < v.inputs; ++k) p.reads[v.first_input + k] = g.input(v, k).value;
    for (int s = 0; s < f.steps; ++s)
      for (int k = 0; k < v.inputs; ++k) p.spans[span++] = span_of(g, v, k, s, f.band);
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

// The plan of a graph under a policy: a found one repeated, or the better of two placements.
template <const auto& graph, class Isa, plan::Policy policy> struct PlanOf {
  static constexpr const auto& problem = problem_of<graph, Isa, policy.apart, policy.row_input>;
  static constexpr int steps = [] {
    int sum = 0;
    for (const auto& f : problem.values) sum += f.steps;
    return sum;
  }();
  static constexpr int rows = [] {
    int sum = 0;
    for (const auto& f : problem.values) sum += f.rows;
    return sum;
  }();

  // Streaming throughout, or with one value finished before anything after it starts (often the
  // input's rows are gone by then): the one that keeps the fewest bytes alive.
  template <int cut> static constexpr auto simulate_with() {
    plan::Policy p = policy;
    if (cut >= 0) p.whole = {};
    if (cut >= 0) p.whole[cut / 64 % 4] = std::uint64_t{1} << (cut < 0 ? 0 : cut) % 64;
    return plan::simulate<steps, rows>(problem, p,
                                       cut < 0 ? plan::Order::stream : plan::Order::mixed);
  }
  template <int cut> static constexpr int peak_with = plan::peak(problem, simulate_with<cut>());
  template <int cut> static constexpr int peak_if_small() {
    constexpr const plan::Facts& f = problem.values[cut];
    if constexpr (f.rows > 1 && f.read_count > 0 && f.rows * f.row_bytes < peak_with<-1>)
      return peak_with<cut>;
    else
      return std::numeric_limits<int>::max();
  }
  template <int... cuts> static constexpr int best_cut(std::integer_sequence<int, cuts...>) {
    const int peaks[] = {peak_if_small<cuts>()...};
    int best = -1, least = peak_with<-1>;
    for (int v = 0; v < static_cast<int>(sizeof...(cuts)); ++v)
      if (peaks[v] < least) {
        least = peaks[v];
        best = v;
      }
    return best;
  }
  static constexpr bool repeats = [] {
    constexpr int made_for = plan::found<policy.found>.steps;
    return policy.found != 0 && (made_for == 0 || made_for == steps);
  }();
  static constexpr auto make_schedule() {
    if constexpr (repeats) {
      plan::Policy p = policy;
      p.whole = plan::found<policy.found>.whole;
      return plan::simulate<steps, rows>(problem, p, plan::Order::mixed);
    } else if constexpr (policy.order == plan::Order::best)
      return simulate_with<best_cut(std::make_integer_sequence<int, graph.count>())>();
    else
      return plan::simulate<steps, rows>(problem, policy, policy.order);
  }
  static constexpr auto schedule = make_schedule();
  static constexpr int items = plan::count_items(problem);
  template <bool by_size>
  static constexpr auto placed = plan::place(problem, schedule,
                                             plan::items_of<items>(problem, schedule, by_size));
  static constexpr auto place_better() {
    return placed<true>.arena < placed<false>.arena ? placed<true> : placed<false>;
  }
  static constexpr auto place_found() {
    constexpr const plan::Found& found = plan::found<policy.found>;
    constexpr auto again = [] {
      const auto list = plan::items_of<items>(problem, schedule, false);
      return plan::place(problem, schedule, plan::reordered(list, found.order, found.count),
                         found.from_top);
    }();
    if constexpr (found.arena == 0 || again.arena <= found.arena)
      return again;
    else
      return place_better();
  }
  static constexpr auto make_places() {
    if constexpr (policy.apart)
      return plan::place_apart(problem, schedule);
    else if constexpr (repeats)
      return place_found();
    else
      return place_better();
  }
  // Offsets below the border lie in the fast region, if it does not hold all.
  static constexpr auto together = make_places();
  static constexpr int border = policy.fast & ~7;
  static constexpr bool is_split = border > 0 && border < together.arena;
  static constexpr auto places = [] {
    if constexpr (is_split)
      return plan::place(problem, schedule, plan::hottest_first<items>(problem, schedule), false,
                         border);
    else
      return together;
  }();
  static constexpr int fast_size = is_split ? places.fast : border > 0 ? places.arena : 0;
  static constexpr int slow_size = is_split ? places.arena - border : border > 0 ? 0 : places.arena;
};

}  // namespace graven
