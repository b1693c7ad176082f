// Running a plan: a flat list of steps over one arena.
#pragma once

#include "graven/run/steps.hpp"
#include "graven/run/tables.hpp"

#include <array>
#include <cstddef>
#include <cstdint>
#include <utility>

namespace graven::core {

// What a hook sees after a step. `rows` rows of the layer's output have just been made, from
// `first_row` on; 0: the step was one of a reduction, or prepared the layer's input.
struct Step {
  int layer;
  int first_row, rows;
  int row_bytes;
  const std::byte* const* data;  // the rows, in pixel order, in the output's element type
};

// The state of a run between two steps.
template <int Values, class Count, class Index> struct Progress {
  Index next = 0;
  std::array<Count, std::size_t{Values}> done{};
};

// The step function and the loops around it, for one (network, instruction set, plan). No state;
// `Memory` is the arena, or its Regions.
template <const auto& graph, class Isa, const auto& params, plan::Policy policy> struct Engine {
  using Tables = FlashTables<graph, Isa, params, policy>;
  using Plan = typename Tables::Plan;
  using Id = typename Tables::Id;
  using Count = typename Tables::Count;
  using Place = typename Tables::Place;
  static constexpr int max_steps = Tables::max_steps;
  static constexpr int values = Tables::values, first_value = Tables::first_value;
  static constexpr int computed = Tables::computed, steps = Tables::steps;
  static constexpr int max_rows = Tables::max_rows, max_band = Tables::max_band;
  static constexpr std::size_t alignment = 8;
  static constexpr std::size_t arena_size = static_cast<std::size_t>(Plan::places.arena);
  static constexpr const auto& order = Tables::order;
  static constexpr const auto& places = Tables::places;
  static constexpr const typename Tables::Content& tables = Tables::tables;  // no auto: stays lazy
  static constexpr std::size_t state_at = static_cast<std::size_t>(Plan::places.state);
  using Progress = core::Progress<computed, Count, detail::unsigned_for<std::uint64_t{steps}>>;

  using Steps = detail::Steps<Tables>;
  template <class Memory>
  static constexpr std::byte* row_at(Memory arena, const typename Tables::Slots& slots,
                                     std::uint32_t row) {
    return Steps::row_at(arena, slots, row);
  }
  template <class Memory> static constexpr void step(Memory arena, Id id, int s, std::byte** out) {
    Steps::step(arena, id, s, out);
  }

  template <class Memory> static constexpr void run(Memory arena) {
    std::array<Count, std::size_t{computed}> done{};
    std::byte* out[std::size_t{max_band}]{};
    for (const Id id : order) step(arena, id, done[id]++, out);
  }

  // Makes at most `count` steps, up to where a row of the input is needed; true while steps are
  // left.
  template <class Memory>
  static constexpr bool advance(Memory arena, Progress& progress, int count) {
    std::byte* out[std::size_t{max_band}]{};
    for (; count > 0 && progress.next < steps; --count) {
      const Id id = order[progress.next];
      if (id == Tables::arrival) break;
      ++progress.next;
      step(arena, id, progress.done[id]++, out);
    }
    return progress.next < steps;
  }

  // Row input: where row `row` of the input goes. The run stands before its arrival.
  template <class Memory> static constexpr std::byte* input_row(Memory arena, int row) {
    constexpr typename Tables::Slots slots = Tables::slots_of(0);
    return row_at(arena, slots, static_cast<std::uint32_t>(row));
  }
  // The row is there: goes on to the arrival of the next, or to the end.
  template <class Memory> static constexpr void arrive(Memory arena, Progress& progress) {
    ++progress.next;
    advance(arena, progress, steps);
  }

  // Does a layer yield value `v`, and not some rows of it?
  static constexpr bool is_value_of(const View& layer, int v) {
    return layer.value == v && layer.shape.size() == graph.values[v].shape.size();
  }

  // What a hook needs to know; in flash only where one is used.
  using Result = detail::Result;
  static constexpr auto results = [] {
    std::array<Result, std::size_t{computed}> r{};
    for (int v = first_value; v < values; ++v) {
      const int layer = graph.values[v].layer;
      const Shape shape = graph.values[v].shape;
      const RowForm form = Isa::row_form(graph.view(), v);
      const RowForm plain = pixel_rows(shape, graph.values[v].element);
      r[static_cast<std::size_t>(v - first_value)] = {static_cast<std::int16_t>(layer),
                                                      is_value_of(graph.layers[layer], v),
                                                      plain.bytes,
                                                      form == plain,
                                                      shape,
                                                      form};
    }
    return r;
  }();

  // Bytes of the longest row that a hook cannot be shown as it lies in the arena.
  static constexpr std::size_t longest_decoded = [] {
    int most = 0;
    for (const Result& r : results)
      if (!r.lies_plain && r.row_bytes > most) most = r.row_bytes;
    return static_cast<std::size_t>(most);
  }();

  template <class Memory, class Hook> static constexpr void run_with(Memory arena, Hook& hook) {
    std::array<Count, std::size_t{computed}> done{};
    std::byte* out[std::size_t{max_band}]{};
    for (const Id id : order) {
      const int s = done[id]++;
      step(arena, id, s, out);
      if constexpr (requires { hook.stepped(0); })
        hook.stepped(results[id].layer);
      else
        show(id, s, out, hook);
    }
  }
  // Step `s` of a value has made the rows `out`.
  template <class Hook>
  static constexpr void show(Id id, int s, const std::byte* const* out, Hook& hook) {
    const typename Tables::Wire& wire = tables.wires[id];
    const Result& result = results[id];
    const int first = wire.steps != 0 ? 0 : s * wire.band;
    const int shown = result.visible ? wire.made(s) : 0;
    if (longest_decoded == 0 || result.lies_plain) {
      hook(Step{result.layer, first, shown, result.row_bytes, out});
      return;
    }
    // Rows of another form come one by one.
    for (int i = 0; i < (shown > 0 ? shown : 1); ++i) {
      std::byte row[longest_decoded > 0 ? longest_decoded : 1]{};
      std::byte* const decoded = row;
      if (shown > 0) decode_row(out[i], result.form, result.shape, row);
      hook(Step{result.layer, first + i, shown > 0 ? 1 : 0, result.row_bytes, &decoded});
    }
  }

  // Persistent rows start as real zeros, or as what a Variable says.
  template <class Memory> static constexpr void reset(Memory arena) {
    reset_each(arena, std::make_index_sequence<static_cast<std::size_t>(values)>());
  }
  template <class Memory, std::size_t... I>
  static constexpr void reset_each([[maybe_unused]] Memory arena, std::index_sequence<I...>) {
    // no fold: clang nests at most 256 operators
    [[maybe_unused]] const bool done[]{(reset_value<static_cast<int>(I)>(arena), true)...};
  }
  template <int value, class Memory>
  static constexpr void reset_value([[maybe_unused]] Memory arena) {
    if constexpr (graph.values[value].persistent && !graph.values[value].op.has(Trait::replaces)) {
      constexpr typename Tables::Slots slots = Tables::slots_of(value);
      constexpr std::uint32_t fresh = Plan::problem.values[value].fresh;
      constexpr std::uint32_t rows = Plan::problem.values[value].rows;
      constexpr int bytes = Plan::problem.values[value].row_bytes;
      constexpr auto zero =
          static_cast<std::byte>(static_cast<std::uint8_t>(graph.values[value].quant.zero_point));
      if constexpr (graph.values[value].op == op::state && Tables::template has_content<value>) {
        const std::byte* from = detail::bytes_of(detail::stream_of<graph, Isa, params, value>);
        for (std::uint32_t r = 0; r < rows; ++r, from += bytes)
          copy_bytes(row_at(arena, slots, r), from, bytes);
      } else {
        for (std::uint32_t r = fresh; r < rows; ++r)
          fill_bytes(row_at(arena, slots, r), zero, bytes);
      }
    }
  }
};

}  // namespace graven::core
