// A plan executed symbolically, without the planner's own notions of lifetime: every byte of the
// arena remembers which row wrote it last, and a step may only read rows that are still whole.
#pragma once

#include "random_network.hpp"

#include <string>
#include <vector>

namespace test {

template <class Subject> struct PlanCheck {
  using Engine = typename Subject::Engine;
  using Plan = typename Engine::Plan;
  static constexpr int none = -1;

  std::vector<int> owner = std::vector<int>(Engine::arena_size, none);
  std::vector<int> done = std::vector<int>(Engine::values, 0);
  std::vector<bool> made = std::vector<bool>(Plan::rows, false);
  std::string fault;

  static const graven::core::Value& value(int v) { return Subject::graph.values[v]; }
  static const graven::core::View& view(int v, int k) {
    return Subject::graph.views[value(v).first_input + k];
  }
  static int row_id(int v, int r) { return Plan::schedule.first_row[v] + r; }
  static int row_bytes(int v) { return Plan::problem.values[v].row_bytes; }
  static std::size_t index(int id) { return static_cast<std::size_t>(id); }
  static int scratch_id(int v) { return Plan::rows + v; }

  void fail(const std::string& what, int v, int row) {
    if (fault.empty())
      fault = what + ": value " + std::to_string(v) + ", row " + std::to_string(row);
  }
  void claim(int at, int bytes, int id) {
    if (at < 0 || at + bytes > static_cast<int>(owner.size())) return fail("outside", id, at);
    for (int i = at; i < at + bytes; ++i) owner[index(i)] = id;
  }
  bool owned(int at, int bytes, int id) const {
    for (int i = at; i < at + bytes; ++i)
      if (owner[index(i)] != id) return false;
    return true;
  }
  void claim_row(int v, int r) {
    claim(Plan::places.row[row_id(v, r)], row_bytes(v), row_id(v, r));
    made[index(row_id(v, r))] = true;
  }
  void expect_row(int v, int r, const char* what) {
    if (!made[index(row_id(v, r))]) return fail(std::string(what) + " before it is made", v, r);
    if (!owned(Plan::places.row[row_id(v, r)], row_bytes(v), row_id(v, r)))
      fail(std::string(what) + " after it was overwritten", v, r);
  }

  // The rows of input k that step s reads, from the layer's own rule.
  static std::vector<int> rows_read(int v, int k, int s) {
    const graven::core::Value& x = value(v);
    const int base = view(v, k).first;
    if (x.reduces) return {base + s};
    std::vector<int> rows;
    const int band = Plan::problem.values[v].band;
    for (int r = s * band; r < (s + 1) * band && r < x.shape.height; ++r) {
      const graven::core::Rows& read = view(v, k).rows;
      int y = read.start(r);
      for (int i = 0; i < read.count; ++i, y += read.dilation)
        if (y >= 0 && y < view(v, k).shape.height) rows.push_back(base + y);
    }
    return rows;
  }

  // A new content lies in the rows of the old one, which nobody may read after it.
  static bool is_content(int v) { return value(v).op == graven::core::op::assign; }
  static bool is_replaced(int v) {
    for (int u = 0; u < Engine::values; ++u)
      if (is_content(u) && Plan::problem.values[u].overwrites == v) return true;
    return false;
  }

  void expect_inputs(int v, int s, const char* what) {
    for (int k = 0; k < value(v).inputs; ++k) {
      const int source = view(v, k).value;
      if (value(source).op == graven::core::op::constant) continue;
      for (int y : rows_read(v, k, s)) expect_row(source, y, what);
    }
  }

  void step(int v) {
    const graven::core::Value& x = value(v);
    const auto& facts = Plan::problem.values[v];
    const int s = done[index(v)]++, scratch = Plan::places.scratch[v];
    if (facts.scratch > 0) {
      if ((x.reduces || x.carries) && s > 0 && !owned(scratch, facts.scratch, scratch_id(v)))
        fail("running sums overwritten", v, s);
      claim(scratch, facts.scratch, scratch_id(v));
    }
    expect_inputs(v, s, "read");
    const bool last = s + 1 == facts.steps;
    if (x.reduces && !last) return;
    const int first = x.reduces ? 0 : s * facts.band;
    for (int r = first; r < x.shape.height && r < first + facts.band; ++r) {
      if (facts.lasts(r)) expect_row(is_content(v) ? facts.overwrites : v, r, "to be updated");
      claim_row(v, r);
    }
    if (facts.scratch > 0 && !owned(scratch, facts.scratch, scratch_id(v)))
      fail("the output lies in the scratch", v, s);
    if (facts.overwrites < 0)
      expect_inputs(v, s, "the output lies in a row being read");
    else
      expect_overwritten(v, s, facts.overwrites);
  }

  // Elementwise: the row that is replaced lies exactly below the new one; all others stay.
  void expect_overwritten(int v, int s, int source) {
    if (Plan::places.row[row_id(v, s)] != Plan::places.row[row_id(source, s)])
      fail("overwrites a row that is not its input's", v, s);
    for (int k = 0; k < value(v).inputs; ++k)
      if (view(v, k).value != source && value(view(v, k).value).op != graven::core::op::constant)
        for (int y : rows_read(v, k, s)) expect_row(view(v, k).value, y, "read while written");
  }

  void expect_block(int v) {
    for (int r = 0; r < value(v).shape.height; ++r)
      if (Plan::places.row[row_id(v, r)] != Plan::places.row[row_id(v, 0)] + r * row_bytes(v))
        fail("rows of an input or output apart", v, r);
  }

  void finish() {
    for (int v = 0; v < Engine::values; ++v) {
      const auto& facts = Plan::problem.values[v];
      const bool input_kept = facts.is_input && Subject::used.keep_input;
      for (int r = 0; r < facts.rows; ++r)
        if (facts.is_output || (facts.lasts(r) && !is_replaced(v)) || input_kept ||
            (Subject::used.apart && !facts.is_constant && !is_replaced(v) &&
             made[index(row_id(v, r))]))
          expect_row(v, r, "wanted after the run");
    }
  }

  // "" or the first fault.
  static std::string run() {
    PlanCheck check;
    for (int v = 0; v < Engine::values; ++v) {
      const auto& facts = Plan::problem.values[v];
      if (facts.is_input || (facts.is_output && facts.steps > 0)) check.expect_block(v);
      for (int r = 0; r < facts.rows; ++r)
        if (facts.is_input || (facts.lasts(r) && !is_content(v))) check.claim_row(v, r);
    }
    for (int v = 0; v < Engine::values; ++v)  // nothing persistent or incoming shares bytes
      for (int r = 0; r < Plan::problem.values[v].rows; ++r)
        if (Plan::problem.values[v].is_input ||
            (Plan::problem.values[v].lasts(r) && !is_content(v)))
          check.expect_row(v, r, "at start");
    for (const int v : Plan::schedule.order) check.step(v);
    check.finish();
    return check.fault;
  }
};

}  // namespace test
