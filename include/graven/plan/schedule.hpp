// The planner: in which order the steps of a network run, and where in the arena every row lies.
//
// Two stages, both in constant expressions (the second is place.hpp):
//   simulate   pulls rows from the outputs back to the inputs; yields the list of steps and the
//              lifetime of every row: from the step that writes it to the last that reads it
//   place      gives every row, and the scratch of every value, a byte offset: first fit over
//              lifetimes. In-place results, overlaid inputs and reuse are consequences,
//              not concepts; only values of more than most_places rows have rings.
// It sees sizes and row rules only: no operators, no instruction sets, no element types. Plain
// arrays everywhere: a compiler evaluates a subscript of std::array as a call, at three times the
// cost.
#pragma once

#include "graven/plan/problem.hpp"

#include <cstddef>

namespace graven::core {

namespace plan {

// Values of more rows lie in one block, row r in slot r % ring, so that neither the planning nor
// the tables in flash grow with the square of the rows: 16,000 rows of audio are none too many.
inline constexpr int most_places = 256;

template <int Values, int Steps, int Rows> struct Schedule {
  short order[std::size_t{Steps}]{};     // the value of each step
  int ring[std::size_t{Values}]{};       // slots of a value in one block; 0: a place for every row
  int first_row[std::size_t{Values}]{};  // index of a value's row 0 below
  int birth[std::size_t{Rows}]{},
      death[std::size_t{Rows}]{};  // first and last step of each row, in [0, Steps]
  int first[std::size_t{Values}]{},
      last[std::size_t{Values}]{};  // first and last step of each value
};

template <int Values, int Reads, int Spans> struct Pull {
  const Problem<Values, Reads, Spans>& p;
  const Policy& policy;
  int done[std::size_t{Values}]{};

  constexpr int have(int v) const {
    const Facts& f = p.values[v];
    return f.steps == 0 ? f.rows : f.rows_after(done[v]);
  }
  constexpr const Span& span(int v, int k) const {
    const Facts& f = p.values[v];
    return p.spans[f.first_span + done[v] * f.read_count + k];
  }
  constexpr bool finished(int v) const { return done[v] == p.values[v].steps; }
  constexpr bool is_whole(int v, Order order) const {
    return p.values[v].is_output || order == Order::layers ||
           (order == Order::mixed &&
            (policy.whole[static_cast<std::size_t>(v / 64 % 4)] >> v % 64 & 1) != 0);
  }

  // Twice over the values: at last what is complete, whether anything has read it or not.
  constexpr bool is_wanted(Order order) const {
    return from < Values ? is_whole(from, order)
                         : policy.apart || p.values[from - Values].is_complete();
  }

  // The first unfinished wanted value, then up its inputs to a value that can make a step. The path
  // is kept: a step changes nothing above the value that wanted it.
  short path[std::size_t{Values}]{};
  int depth = 0, from = 0;

  constexpr int missing(int v) const {  // the first input without the rows of v's next step
    const Facts& f = p.values[v];
    for (int k = 0; k < f.read_count; ++k) {
      const int read = p.reads[f.first_read + k];  // a persistent value has rows to read of itself
      if (read != v && have(read) <= span(v, k).last) return read;
    }
    return -1;
  }
  constexpr int next(Order order) {
    if (depth == 0) {
      while (from < 2 * Values && (finished(from % Values) || !is_wanted(order))) ++from;
      if (from == 2 * Values) return -1;
      path[depth++] = static_cast<short>(from % Values);
    }
    for (int want = missing(path[depth - 1]); want >= 0; want = missing(want))
      path[depth++] = static_cast<short>(want);
    return path[--depth];
  }
};

// Takes away the steps whose rows nobody reads: the rest of a row count that a stride or a pool
// does not divide, and values that no output and nothing persistent depends on.
template <int Values, int Reads, int Spans> constexpr void trim(Problem<Values, Reads, Spans>& p) {
  int needed[std::size_t{Values}]{};  // rows
  for (int v = Values - 1; v >= 0; --v) {
    Facts& f = p.values[v];
    const int rows = f.is_output || f.is_complete() ? f.rows : needed[v];
    if (!f.reduces)
      f.steps = f.steps > 0 ? (rows + f.band - 1) / f.band : 0;
    else if (rows == 0)
      f.steps = 0;
    for (int i = 0; i < f.steps * f.read_count; ++i) {
      if (i % f.read_count >= f.read_count - f.waits) continue;
      int& most = needed[p.reads[f.first_read + i % f.read_count]];
      if (const int last = p.spans[f.first_span + i].last; last >= most) most = last + 1;
    }
  }
  for (const Facts& f : p.values)  // who waits, waits for what is made
    for (int i = 0; f.waits > 0 && i < f.steps * f.read_count; ++i)
      if (i % f.read_count >= f.read_count - f.waits && f.waits_at(i / f.read_count)) {
        const Facts& source = p.values[p.reads[f.first_read + i % f.read_count]];
        const int made = source.rows_after(source.steps);
        p.spans[f.first_span + i] = {made > 0 ? made - 1 : 0, made - 1};
      }
}

// A value that overwrites another lives in its rows: their lifetimes become one.
template <int Values, int Steps, int Rows, class P>
constexpr void join_overwritten(const P& p, Schedule<Values, Steps, Rows>& s) {
  for (int v = Values - 1; v >= 0; --v) {
    const Facts& f = p.values[v];
    if (f.overwrites < 0) continue;
    for (int r = 0; r < f.rows; ++r)
      if (s.birth[s.first_row[v] + r] >= 0)
        s.death[s.first_row[f.overwrites] + r] = s.death[s.first_row[v] + r];
  }
}

// As many slots as rows are alive at once, counted from the oldest: rows come in order.
template <int Values, int Steps, int Rows, class P>
constexpr void find_rings(const P& p, const Policy& policy, Schedule<Values, Steps, Rows>& s) {
  for (int v = 0; v < Values; ++v) {
    const Facts& f = p.values[v];
    if (f.rows <= most_places) continue;
    if (f.is_input || f.is_output || f.is_constant || f.persistent || f.sliced || policy.apart) {
      s.ring[v] = f.rows;
      continue;
    }
    if (f.overwrites >= 0) continue;
    const int *birth = s.birth + s.first_row[v], *death = s.death + s.first_row[v];
    int most = 1, oldest = 0;
    for (int r = 0; r < f.rows && birth[r] >= 0; ++r) {
      while (oldest < r && death[oldest] < birth[r]) ++oldest;
      if (r - oldest + 1 > most) most = r - oldest + 1;
    }
    s.ring[v] = most;
  }
  for (int v = 0; v < Values; ++v)
    if (p.values[v].overwrites >= 0) s.ring[v] = s.ring[p.values[v].overwrites];
}

// The last row that no later step of v reads: [span.first, dies] are read for the last time where
// the next step's span lies behind; all of the span where it does not.
template <int Values, int Reads, int Spans>
constexpr int dies(const Problem<Values, Reads, Spans>& p, int v, int k, int step) {
  const Facts& f = p.values[v];
  const Span& span = p.spans[f.first_span + step * f.read_count + k];
  if (step + 1 >= f.steps) return span.last;
  const Span& next = p.spans[f.first_span + (step + 1) * f.read_count + k];
  const bool onward = next.first >= span.first && next.last >= span.last;
  return onward && next.first <= span.last ? next.first - 1 : span.last;
}

template <int Steps, int Rows, int Values, int Reads, int Spans>
constexpr auto simulate(const Problem<Values, Reads, Spans>& p, const Policy& policy, Order order) {
  Schedule<Values, Steps, Rows> s{};
  Pull<Values, Reads, Spans> pull{p, policy, {}};
  for (int v = 0, row = 0; v < Values; ++v) {
    const Facts& f = p.values[v];
    s.first_row[v] = row;
    s.first[v] = Steps;
    for (int r = 0; r < f.rows; ++r) {
      const bool always = f.lasts(r) || policy.apart;
      s.birth[row + r] = f.is_input || f.is_constant || always ? 0 : -1;  // -1: not made
      s.death[row + r] = always || (f.is_input && policy.keep_input) ? Steps : 0;
    }
    row += f.rows;
  }
  for (int t = 0; t < Steps; ++t) {
    const int v = pull.next(order);
    const Facts& f = p.values[v];
    s.order[t] = static_cast<short>(v);
    if (t < s.first[v]) s.first[v] = t;
    s.last[v] = t;
    for (int k = 0; k < f.read_count; ++k) {
      const int base = s.first_row[p.reads[f.first_read + k]];
      const int last = dies(p, v, k, pull.done[v]);
      for (int r = pull.span(v, k).first; r <= last; ++r)
        if (s.death[base + r] < t) s.death[base + r] = t;
    }
    const int before = pull.have(v);
    ++pull.done[v];
    for (int r = before; r < pull.have(v); ++r) {
      int& death = s.death[s.first_row[v] + r];
      if (!policy.apart && !f.lasts(r)) s.birth[s.first_row[v] + r] = t;
      if (f.is_output || death < t) death = f.is_output ? Steps : t;
    }
  }
  join_overwritten(p, s);
  find_rings(p, policy, s);
  return s;
}

constexpr int align4(int x) { return (x + 3) & ~3; }
constexpr int align_block(const Facts& f, int x) { return f.wide ? (x + 7) & ~7 : align4(x); }
// Bytes from a row in the arena to the next.
constexpr int pitch_of(const Facts& f) {
  return f.is_input || f.is_output ? f.row_bytes : align4(f.row_bytes);
}
// Does the value lie in one piece, that users see as a span?
constexpr bool is_block(const Facts& f) { return f.is_input || (f.is_output && !f.persistent); }

// Most bytes alive at one step, without what lasts from run to run: no placement of this schedule
// is smaller. Rows of inputs and outputs lie side by side, all others are aligned.
template <int Values, int Steps, int Rows, class P>
constexpr int peak(const P& p, const Schedule<Values, Steps, Rows>& s) {
  int delta[std::size_t{Steps + 2}]{};
  for (int v = 0; v < Values; ++v) {
    const Facts& f = p.values[v];
    const int bytes = pitch_of(f);
    const bool in_ring = s.ring[v] > 0 && !f.is_input && !f.is_output;
    int end = -1;  // the last step of a ring
    for (int r = s.first_row[v]; r < s.first_row[v] + f.rows; ++r) {
      if (s.birth[r] < 0 || f.is_constant || f.overwrites >= 0) continue;
      if (f.lasts(r - s.first_row[v])) continue;
      if (s.death[r] > end) end = s.death[r];
      if (in_ring) continue;
      delta[s.birth[r]] += bytes;
      delta[s.death[r] + 1] -= bytes;
    }
    if (in_ring && end >= 0) {
      delta[s.birth[s.first_row[v]]] += s.ring[v] * bytes;
      delta[end + 1] -= s.ring[v] * bytes;
    }
    if (f.carries && f.steps > 0) {
      delta[s.first[v]] += align4(f.scratch);
      delta[s.last[v] + 1] -= align4(f.scratch);
    }
  }
  int most = 0, now = 0;
  for (int t = 0; t <= Steps; ++t) {
    int scratch = 0;
    if (t < Steps)
      if (const Facts& f = p.values[s.order[t]]; !f.carries) scratch = align4(f.scratch);
    now += delta[t];
    if (now + scratch > most) most = now + scratch;
  }
  return most;
}

}  // namespace plan
}  // namespace graven::core
