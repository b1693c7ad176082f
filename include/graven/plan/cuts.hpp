// Cuts: a value that is finished before anything after it starts. What tells without a simulation
// that a cut cannot help; simulations take nearly all of a planner's time.
#pragma once

#include "graven/plan/schedule.hpp"

namespace graven::plan {

constexpr int pitch_of(const Facts& f) {  // of a row in the arena
  return f.is_input || f.is_output ? f.row_bytes : align4(f.row_bytes);
}

// Bytes that step `step` of v needs at once: the rows that it reads, but not what it overwrites.
template <class P> constexpr int read_bytes(const P& p, int v, int step) {
  const Facts& f = p.values[v];
  int bytes = align4(f.scratch);
  for (int k = 0; k < f.read_count; ++k) {
    const int read = p.reads[f.first_read + k];
    const Span& span = p.spans[f.first_span + step * f.read_count + k];
    bool counted = p.values[read].is_constant || read == f.overwrites || span.last < span.first;
    for (int i = 0; i < k; ++i) counted = counted || p.reads[f.first_read + i] == read;
    if (!counted) bytes += (span.last - span.first + 1) * pitch_of(p.values[read]);
  }
  return bytes;
}

// Bytes that any order of steps keeps alive: at the first step all inputs, at the last all outputs,
// at every step what it reads and makes.
template <int Values, int Reads, int Spans>
constexpr int least_of_all(const Problem<Values, Reads, Spans>& p) {
  int inputs = 0, outputs = 0, first_step = 1 << 30, most = 0;
  for (int v = 0; v < Values; ++v) {
    const Facts& f = p.values[v];
    if (f.is_input) inputs += f.rows * f.row_bytes;
    if (f.is_output) outputs += f.rows * f.row_bytes;
    if (f.steps == 0 || f.is_input) continue;
    const int made = f.reduces ? 0 : pitch_of(f);
    bool can_begin = true;
    for (int k = 0; k < f.read_count; ++k) {
      const Facts& read = p.values[p.reads[f.first_read + k]];
      can_begin = can_begin && (read.steps == 0 || read.persistent);
    }
    if (const int bytes = f.overwrites < 0 ? made : 0; can_begin && bytes < first_step)
      first_step = bytes;
    for (int s = 0; s < f.steps; ++s)
      if (const int bytes = read_bytes(p, v, s) + made; bytes > most) most = bytes;
  }
  if (inputs > 0 && inputs + first_step > most) most = inputs + first_step;
  return outputs > most ? outputs : most;
}

// The cuts that could keep fewer bytes alive than `limit`, the most promising first.
template <int Values> struct Cuts {
  short value[Values]{};
  int least[Values]{};     // of no less is known
  int estimate[Values]{};  // as if every value kept as many rows as when streaming
  int count = 0;

  constexpr void add(int v, int low, int likely) {
    int at = count++;
    for (; at > 0 && estimate[at - 1] > likely; --at) {
      value[at] = value[at - 1];
      least[at] = least[at - 1];
      estimate[at] = estimate[at - 1];
    }
    value[at] = static_cast<short>(v);
    least[at] = low;
    estimate[at] = likely;
  }
};

// Rows of each value that somebody reads, at least.
template <int Values, int Reads, int Spans> struct ReadRows {
  int rows[Values]{};

  constexpr explicit ReadRows(const Problem<Values, Reads, Spans>& p) {
    for (const Facts& f : p.values)
      for (int k = 0; k < f.read_count; ++k) {
        int seen = 0, count = 0;  // rows before `seen`
        for (int s = 0; s < f.steps; ++s) {
          const Span& span = p.spans[f.first_span + s * f.read_count + k];
          const int from = span.first > seen ? span.first : seen;
          if (span.last >= from) count += span.last + 1 - from;
          if (span.last >= seen) seen = span.last + 1;
        }
        int& most = rows[p.reads[f.first_read + k]];
        most = count > most ? count : most;
      }
  }
};

// Bytes that each value keeps alive at most, and those of all values before it.
template <int Values> struct Windows {
  int before[Values + 1]{};

  template <int Steps, int Rows, class P>
  constexpr Windows(const P& p, const Schedule<Values, Steps, Rows>& s) {
    for (int v = 0; v < Values; ++v) {
      const Facts& f = p.values[v];
      const int *birth = s.birth + s.first_row[v], *death = s.death + s.first_row[v];
      int most = 0, oldest = 0;
      for (int r = 0; r < f.rows && birth[r] >= 0; ++r) {
        while (oldest < r && death[oldest] < birth[r]) ++oldest;
        if (r - oldest + 1 > most) most = r - oldest + 1;
      }
      const bool counts = !f.is_input && !f.is_constant && f.overwrites < 0;
      before[v + 1] = before[v] + (counts ? most * pitch_of(f) : 0);
    }
  }
  constexpr int after(int v) const { return before[Values] - before[v + 1]; }
};

template <int Values, int Reads, int Spans, int Steps, int Rows>
constexpr auto cuts_below(const Problem<Values, Reads, Spans>& p,
                          const Schedule<Values, Steps, Rows>& streaming, int limit) {
  Cuts<Values> cuts;
  if (least_of_all(p) >= limit) return cuts;
  const ReadRows<Values, Reads, Spans> read(p);
  const Windows<Values> windows(p, streaming);
  int inputs = 0;
  for (const Facts& f : p.values) inputs += f.is_input ? f.rows * f.row_bytes : 0;
  for (int v = 0; v < Values; ++v) {
    const Facts& f = p.values[v];
    if (f.rows < 2 || f.read_count == 0 || f.steps == 0 || f.rows * f.row_bytes >= limit) continue;
    const int block = read.rows[v] * pitch_of(f);
    const int least = block + read_bytes(p, v, f.steps - 1);
    const int first = (block > inputs ? block : inputs) + windows.before[v];
    const int then = block + windows.after(v);
    if (least < limit) cuts.add(v, least, first > then ? first : then);
  }
  return cuts;
}

}  // namespace graven::plan
