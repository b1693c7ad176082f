// What lies where in the arena, and when: the plan of a model as data. Only who asks for it pays.
#pragma once

#include "graven/lower.hpp"

#include <array>
#include <cstddef>

namespace graven {

// Bytes [offset, offset + bytes) during steps [first_step, last_step], padding included. No byte
// belongs to two of them at one step. The span of these is Model::rows.
struct RowInfo {
  int layer;  // of Model::layers; -1 - i: input i of the model
  int row;    // -1: scratch
  int offset, bytes;
  int first_step, last_step;  // Model::step_count: after the last one, as outputs do
};

namespace detail {

template <const auto& graph, class Plan> struct ArenaMap {
  static constexpr const auto& s = Plan::schedule;

  static constexpr int owner(int value) {
    return value < graph.input_count ? -1 - value : graph.values[value].layer;
  }
  static constexpr bool is_tight(const plan::Facts& f) { return f.is_input || f.is_output; }

  template <class Sink> static constexpr void rows_of(int value, Sink& sink) {
    const plan::Facts& f = Plan::problem.values[value];
    int heir = -1;  // the value that overwrites this one
    for (int v = value + 1; v < graph.count; ++v)
      if (Plan::problem.values[v].overwrites == value) heir = v;
    for (int r = 0; r < f.rows && !f.is_constant; ++r) {
      const int row = s.first_row[value] + r;
      if (s.birth[row] < 0) continue;  // nobody reads it, it is never made
      const int end = heir >= 0 ? s.birth[s.first_row[heir] + r] - 1 : -1;
      sink({owner(value), r, Plan::places.row[row],
            is_tight(f) ? f.row_bytes : plan::align4(f.row_bytes), s.birth[row],
            end >= s.birth[row] ? end : s.death[row]});
    }
  }
  // Scratch exists at the steps of its value; that of a reduction from the first to the last.
  template <class Sink> static constexpr void scratch_of(int value, Sink& sink) {
    const plan::Facts& f = Plan::problem.values[value];
    if (f.scratch == 0) return;
    for (int t = s.first[value]; t <= s.last[value]; ++t) {
      if (s.order[t] != value) continue;
      const int start = t;
      while (t < s.last[value] && (f.reduces || s.order[t + 1] == value)) ++t;
      sink({owner(value), -1, Plan::places.scratch[value], plan::align4(f.scratch), start, t});
    }
  }
  template <class Sink> static constexpr void all(Sink& sink) {
    for (int v = 0; v < graph.count; ++v) {
      rows_of(v, sink);
      scratch_of(v, sink);
    }
  }

  static constexpr std::size_t count = [] {
    std::size_t n = 0;
    auto sink = [&](const RowInfo&) { ++n; };
    all(sink);
    return n;
  }();
  static constexpr auto rows = [] {
    std::array<RowInfo, count> found{};
    RowInfo* to = found.data();
    auto sink = [&](const RowInfo& row) { *to++ = row; };
    all(sink);
    return found;
  }();
};

}  // namespace detail

}  // namespace graven
