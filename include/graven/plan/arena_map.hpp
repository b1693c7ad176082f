// What lies where in the arena, and when: the plan of a model as data. Only who asks for it pays.
#pragma once

#include "graven/plan/planner.hpp"

#include <array>
#include <cstddef>

namespace graven::core {

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

  static constexpr int layer_of(int value) {
    return value < graph.input_count ? -1 - value : graph.values[value].layer;
  }
  static constexpr bool is_tight(const plan::Facts& f) { return f.is_input || f.is_output; }

  // The value that overwrites this one.
  static constexpr int heir(int value) {
    for (int v = value + 1; v < graph.count; ++v)
      if (Plan::problem.values[v].overwrites == value) return v;
    return -1;
  }
  static constexpr int birth(int value, int row) { return s.birth[s.first_row[value] + row]; }
  // In a ring a slot is taken from the first step of the value to the last.
  static constexpr int first_step(int value, int row) {
    const bool first_in_ring = row < s.ring[value] && !is_tight(Plan::problem.values[value]);
    return first_in_ring && Plan::problem.values[value].overwrites < 0 ? birth(value, 0)
                                                                       : birth(value, row);
  }
  static constexpr int last_step(int value, int row) {
    if (const int v = heir(value); v >= 0 && birth(v, row) > birth(value, row))
      return birth(v, row) - 1;
    int owner = value;
    while (Plan::problem.values[owner].overwrites >= 0)
      owner = Plan::problem.values[owner].overwrites;
    const plan::Facts& f = Plan::problem.values[owner];
    const int ring = is_tight(f) ? 0 : s.ring[owner];
    if (ring == 0) return s.death[s.first_row[value] + row];
    if (row + ring < f.rows && birth(owner, row + ring) >= 0) return birth(owner, row + ring) - 1;
    int last = 0;
    for (int r = 0; r < f.rows; ++r) {
      const int death = s.death[s.first_row[owner] + r];
      if (birth(owner, r) >= 0 && death > last) last = death;
    }
    return last;
  }

  template <class Sink> static constexpr void rows_of(int value, Sink& sink) {
    const plan::Facts& f = Plan::problem.values[value];
    const int bytes = plan::pitch_of(f);
    for (int r = 0; r < f.rows && !f.is_constant; ++r)
      if (birth(value, r) >= 0)  // otherwise nobody reads it, it is never made
        sink({layer_of(value), r, Plan::places.row[s.first_row[value] + r], bytes,
              first_step(value, r), last_step(value, r)});
  }
  // Scratch exists at the steps of its value; that of a reduction from the first to the last.
  template <class Sink> static constexpr void scratch_of(int value, Sink& sink) {
    const plan::Facts& f = Plan::problem.values[value];
    if (f.scratch == 0) return;
    for (int t = s.first[value]; t <= s.last[value]; ++t) {
      if (s.order[t] != value) continue;
      const int start = t;
      while (t < s.last[value] && (f.carries || s.order[t + 1] == value)) ++t;
      sink({layer_of(value), -1, Plan::places.scratch[value], plan::align4(f.scratch), start, t});
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

}  // namespace graven::core
