// What a plan becomes in flash: packed streams, and the tables that a step is made from. Everything
// here is computed by the compiler; graph and plan themselves stay in constant expressions.
#pragma once

#include "graven/plan/planner.hpp"
#include "graven/run/packing.hpp"
#include "graven/run/wires.hpp"

#include <array>
#include <cstddef>
#include <cstdint>
#include <utility>

namespace graven::core {

namespace detail {

// How far above the first row of an input some step begins.
constexpr int rows_above(const Rows& rows, int steps) {
  int above = 0;
  for (int s = 0; s < steps; ++s)
    if (-rows.start(s) > above) above = -rows.start(s);
  return above;
}
// The first row of every step, counted from that far above.
template <const auto& graph, int value, int input, int steps> constexpr auto make_starts() {
  std::array<std::uint16_t, std::size_t{steps}> starts{};
  constexpr GraphView g = graph.view();
  const Rows& rows = g.rows(g[value], input);
  const int above = rows_above(rows, steps);
  for (int s = 0; s < steps; ++s)  // a list's 65535 is outside
    starts[static_cast<std::size_t>(s)] = static_cast<std::uint16_t>(rows.start(s) + above);
  return starts;
}
template <const auto& graph, int value, int input, int steps>
inline constexpr auto starts_of = make_starts<graph, value, input, steps>();

}  // namespace detail

// The tables of (network, instruction set, plan), and the types that their sizes ask for.
template <const auto& graph, class Isa, const auto& params, plan::Policy policy>
struct FlashTables {
  using Plan = PlanOf<graph, Isa, policy>;
  static constexpr int values = graph.count, first_value = graph.input_count;
  static constexpr int computed = values - first_value;
  static constexpr int steps = Plan::steps;

  using Id = detail::unsigned_for<std::uint64_t{values}>;
  static constexpr int max_steps = [] {
    int most = 0;
    for (const auto& f : Plan::problem.values) most = f.steps > most ? f.steps : most;
    return most;
  }();
  using Count = detail::unsigned_for<std::uint64_t{max_steps}>;
  using Place = detail::unsigned_for<static_cast<std::uint64_t>(Plan::places.arena)>;

  static constexpr Id arrival = computed;  // in `order`: here the next row of the input is needed
  static constexpr auto order = [] {
    std::array<Id, std::size_t{steps}> ids{};
    for (int t = 0; t < steps; ++t) {
      const int value = Plan::schedule.order[t] - first_value;
      ids[static_cast<std::size_t>(t)] = value < 0 ? arrival : static_cast<Id>(value);
    }
    return ids;
  }();
  static constexpr const auto& ring = Plan::schedule.ring;
  static constexpr bool has_blocks = [] {
    for (const int slots : ring)
      if (slots > 0) return true;
    return false;
  }();
  using Slots = detail::Slots<has_blocks>;
  // Row pointers of a step that belong to input k.
  static constexpr int rows_of_input(int value, int k) {
    const Value& v = graph.values[value];
    if (v.inputs == 0 || (v.reduces && k == 0)) return 1;
    const Rows& rows = graph.views[v.first_input + k].rows;
    const int band = detail::band_of<graph, Isa>(value);
    return rows.count + (band > 1 ? (band - 1) * rows.advance() : 0);
  }
  // Do the inputs of some value have different numbers of rows in a step?
  static constexpr bool has_unequal_inputs = [] {
    for (int v = 0; v < values; ++v)
      for (int k = 1; k < graph.values[v].inputs; ++k)
        if (rows_of_input(v, k) != rows_of_input(v, 0)) return true;
    return false;
  }();
  using InputWire = detail::InputWire<has_blocks, has_unequal_inputs>;
  using Wire = detail::Wire<has_blocks>;

  // Bytes from the arena's start to a row.
  static constexpr int place(int value, int row) {
    return Plan::places.row[Plan::schedule.first_row[value] + row];
  }
  // The rows before a value's in `places`, and (for the last value + 1) of all.
  static constexpr auto rows_before = [] {
    std::array<int, static_cast<std::size_t>(values) + 1> rows{};
    for (std::size_t v = 0; v < values; ++v)
      rows[v + 1] = rows[v] + (ring[v] > 0 ? 0 : Plan::problem.values[v].rows);
    return rows;
  }();
  // From row `first` on; what is read so lies in no ring of fewer slots than rows (Facts::sliced).
  static constexpr Slots slots_of(int value, int first = 0) {
    Slots slots{static_cast<std::uint32_t>(rows_before[static_cast<std::size_t>(value)] + first)};
    if constexpr (has_blocks) {
      if (ring[value] == 0) return slots;
      slots.row = static_cast<std::uint32_t>(place(value, first));
      slots.pitch = static_cast<std::uint32_t>(place(value, 1) - place(value, 0));
      slots.ring = static_cast<std::uint16_t>(ring[value]);
    }
    return slots;
  }

  static constexpr bool is_straight(const Value& v, int k) {
    const Rows& rows = graph.views[v.first_input + k].rows;
    return (v.reduces && k == 0) ||
           (rows.straight() && rows.advance() >= 0 && rows.start(0) > -32768);
  }
  // A list of single rows that are all there is one of places, which steps read as they read any
  // value's; others are lists of first rows, for which all steps of the network look.
  static constexpr bool has_own_places(int value, int k) {
    const Value& v = graph.values[value];
    const View& in = graph.views[v.first_input + k];
    if (is_straight(v, k) || in.rows.count != 1 || graph.values[in.value].op == op::constant)
      return false;
    for (int s = 0; s < Plan::problem.values[value].steps; ++s)
      if (static_cast<unsigned>(in.rows.start(s)) >= static_cast<unsigned>(in.shape.height))
        return false;
    return true;
  }
  // Where in `places` those of an input begin, behind the values' rows, and (last) where all end.
  static constexpr auto own_places = [] {
    std::array<int, std::size_t{graph.view_count} + 1> first{};
    int end = rows_before[values];
    for (int v = first_value; v < values; ++v)
      for (int k = 0; k < graph.values[v].inputs; ++k)
        if (has_own_places(v, k)) {
          first[static_cast<std::size_t>(graph.values[v].first_input + k)] = end;
          end += Plan::problem.values[v].steps;
        }
    first.back() = end;
    return first;
  }();
  static constexpr auto places = [] {
    constexpr int count = own_places.back();
    std::array<Place, static_cast<std::size_t>(count > 0 ? count : 1)> rows{};
    std::size_t at = 0;
    for (int v = 0; v < values; ++v)
      for (int r = 0; ring[v] == 0 && r < Plan::problem.values[v].rows; ++r)
        rows[at++] = static_cast<Place>(place(v, r));
    for (int v = first_value; v < values; ++v)
      for (int k = 0; k < graph.values[v].inputs; ++k) {
        if (!has_own_places(v, k)) continue;
        const View& in = graph.views[graph.values[v].first_input + k];
        for (int s = 0; s < Plan::problem.values[v].steps; ++s) {
          const int row = in.first + in.rows.start(s), slots = ring[in.value];
          rows[at++] = static_cast<Place>(place(in.value, slots > 0 ? row % slots : row));
        }
      }
    return rows;
  }();

  // Does a state begin with something else than real zeros?
  template <int value>
  static constexpr bool
      has_content = kernel_of<graph, Isa, value>::stream_size(graph.view(), graph.values[value]) >
                    0;

  template <int value> static constexpr Task task() {
    using K = kernel_of<graph, Isa, value>;
    constexpr GraphView g = graph.view();
    constexpr const Value& v = graph.values[value];
    if constexpr (v.op == op::constant || v.op == op::state) {
      return {};
    } else {
      Task t = make_task(g, v, rows_of_input(value, 0));
      if constexpr (requires { K::programs; })
        t.kernel = &K::template run<detail::Packing<graph, Isa, params, value>::program>;
      else
        t.kernel = &K::run;
      if constexpr (K::stream_size(g, v) > 0)
        t.stream = detail::bytes_of(detail::stream_of<graph, Isa, params, value>);
      return t;
    }
  }

  static constexpr int max_rows = [] {
    int most = 1;
    for (int v = 0; v < values; ++v) {
      int rows = 0;
      for (int k = 0; k < graph.values[v].inputs; ++k) rows += rows_of_input(v, k);
      most = rows > most ? rows : most;
    }
    return most;
  }();
  static constexpr int max_band = [] {
    int most = 1;
    for (int v = 0; v < values; ++v) {
      const int band = detail::band_of<graph, Isa>(v);
      most = band > most ? band : most;
    }
    return most;
  }();

  // What no value of the network needs costs the steps nothing.
  static constexpr bool has_constants = [] {
    for (int v = 0; v < values; ++v)
      if (graph.values[v].op == op::constant) return true;
    return false;
  }();
  static constexpr bool has_row_lists = [] {
    for (int v = 0; v < values; ++v)
      for (int k = 0; k < graph.values[v].inputs; ++k)
        if (!is_straight(graph.values[v], k) && !has_own_places(v, k)) return true;
    return false;
  }();
  static constexpr bool has_reductions = [] {
    for (int v = 0; v < values; ++v)
      if (graph.values[v].reduces) return true;
    return false;
  }();

  template <int value, int k> static constexpr InputWire input_wire() {
    constexpr const Value& v = graph.values[value];
    constexpr View in = graph.views[v.first_input + k];
    constexpr const Value& source = graph.values[in.value];
    InputWire w{};
    w.slots = slots_of(in.value, in.first);
    if constexpr (source.op == op::constant) {
      w.constant = detail::bytes_of(detail::stream_of<graph, Isa, params, in.value>);
      w.slots.row = static_cast<std::uint32_t>(in.shape.row() * size_of(source.element)) |
                    InputWire::in_flash;
    }
    w.height = static_cast<std::uint16_t>(in.shape.height);
    w.dilation = static_cast<std::uint16_t>(in.rows.dilation);
    if constexpr (has_unequal_inputs) w.rows = static_cast<std::uint16_t>(rows_of_input(value, k));
    constexpr int band = Plan::problem.values[value].band;
    if constexpr (v.reduces && k == 0) {
      w.stride = 1;
    } else if constexpr (is_straight(v, k)) {
      w.stride = static_cast<std::uint16_t>(in.rows.advance() * band);
      w.top = static_cast<std::int16_t>(-in.rows.start(0));
    } else if constexpr (has_own_places(value, k)) {
      w.slots = {
          static_cast<std::uint32_t>(own_places[static_cast<std::size_t>(v.first_input + k)])};
      w.height = static_cast<std::uint16_t>(Plan::problem.values[value].steps);
      w.stride = 1;
    } else {
      constexpr int own_steps = Plan::problem.values[value].steps;
      w.starts = detail::starts_of<graph, value, k, own_steps>.data();
      w.top = static_cast<std::int16_t>(detail::rows_above(in.rows, own_steps));
      w.stride = InputWire::irregular;
    }
    return w;
  }
  template <int value> static constexpr Wire wire() {
    constexpr const Value& v = graph.values[value];
    constexpr const plan::Facts& f = Plan::problem.values[value];
    Wire w{};
    w.slots = slots_of(value);
    w.scratch = static_cast<std::uint32_t>(Plan::places.scratch[value]);
    w.first_input = static_cast<std::uint16_t>(v.first_input);
    w.height = static_cast<std::uint16_t>(v.shape.height);
    w.rows = static_cast<std::uint16_t>(rows_of_input(value, 0));
    w.steps = static_cast<std::uint16_t>(v.reduces ? f.steps : 0);
    w.inputs = static_cast<std::uint8_t>(v.inputs);
    w.band = static_cast<std::uint8_t>(f.band);
    return w;
  }

  struct Content {
    std::array<Task, std::size_t{computed}> tasks{};
    std::array<Wire, std::size_t{computed}> wires{};
    std::array<InputWire, (graph.view_count > 0 ? graph.view_count : 1)> inputs{};
  };
  template <int value, std::size_t... K>
  static constexpr void fill(Content& t, std::index_sequence<K...>) {
    t.tasks[value - first_value] = task<value>();
    t.wires[value - first_value] = wire<value>();
    ((t.inputs[static_cast<std::size_t>(graph.values[value].first_input) + K] =
          input_wire<value, static_cast<int>(K)>()),
     ...);
  }
  template <std::size_t value>
  using Inputs = std::make_index_sequence<static_cast<std::size_t>(graph.values[value].inputs)>;
  template <std::size_t... I> static constexpr Content make_tables(std::index_sequence<I...>) {
    Content t{};
    [[maybe_unused]] const bool done[]{
        // no fold: clang nests at most 256 operators
        (fill<static_cast<int>(I) + first_value>(t, Inputs<I + first_value>()), true)...};
    return t;
  }
  static constexpr Content tables = make_tables(std::make_index_sequence<std::size_t{computed}>());
};

}  // namespace graven::core
