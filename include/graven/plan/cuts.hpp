// Cuts: a value that is finished before anything after it starts. What tells without a simulation
// that a cut cannot help; simulations take nearly all of a planner's time.
#pragma once

#include "graven/plan/schedule.hpp"

namespace graven::core::plan {

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
  short value[std::size_t{Values}]{};
  int least[std::size_t{Values}]{};     // of no less is known
  int estimate[std::size_t{Values}]{};  // what is likely
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
  int rows[std::size_t{Values}]{};

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

// What is alive at some moments of a schedule, value by value.
template <int Steps> struct Moments {
  static constexpr int count = 64, apart = Steps / count + 1;
  int born[count + 1]{}, dead[count + 1]{};  // rows before a moment

  template <int Values, int Rows>
  constexpr Moments(const Facts& f, const Schedule<Values, Steps, Rows>& s, int first_row) {
    for (int r = first_row; r < first_row + f.rows; ++r) {
      if (s.birth[r] < 0 || f.is_constant) continue;
      ++born[(s.birth[r] + apart - 1) / apart];
      ++dead[s.death[r] / apart < count ? s.death[r] / apart + 1 : count];
    }
    for (int i = 1; i < count; ++i) born[i] += born[i - 1], dead[i] += dead[i - 1];
  }
};

// The most bytes that a cut keeps alive at these moments, if all else is made as when streaming.
template <int Values, int Steps> struct Estimates {
  int most[std::size_t{Values}]{};

  template <int Rows, class P>
  constexpr Estimates(const P& p, const Schedule<Values, Steps, Rows>& s) {
    using Alive = Moments<Steps>;
    int all[Alive::count]{};
    for (int v = 0; v < Values; ++v) add(all, p.values[v], Alive(p.values[v], s, s.first_row[v]));
    int before[Alive::count]{};
    for (int v = 0; v < Values; ++v) {
      const Facts& f = p.values[v];
      const Alive rows(f, s, s.first_row[v]);
      const int made = rows.born[Alive::count - 1], pitch = pitch_of(f);
      for (int i = 0; i < Alive::count; ++i) {
        if (const int bytes = before[i] + rows.born[i] * pitch;
            i * Alive::apart <= s.last[v] && bytes > most[v])
          most[v] = bytes;
        if (const int bytes = all[i] - before[i] + (made - rows.born[i]) * pitch; bytes > most[v])
          most[v] = bytes;
      }
      add(before, f, rows);
    }
  }
  static constexpr void add(int* bytes, const Facts& f, const Moments<Steps>& rows) {
    if (f.overwrites >= 0) return;
    for (int i = 0; i < Moments<Steps>::count; ++i)
      bytes[i] += (rows.born[i] - rows.dead[i]) * pitch_of(f);
  }
};

template <int Values, int Reads, int Spans, int Steps, int Rows>
constexpr auto cuts_below(const Problem<Values, Reads, Spans>& p,
                          const Schedule<Values, Steps, Rows>& streaming, int limit) {
  Cuts<Values> cuts;
  if (least_of_all(p) >= limit) return cuts;
  const ReadRows<Values, Reads, Spans> read(p);
  const Estimates<Values, Steps> estimates(p, streaming);
  for (int v = 0; v < Values; ++v) {
    const Facts& f = p.values[v];
    if (f.rows < 2 || f.read_count == 0 || f.steps == 0 || f.rows * f.row_bytes >= limit) continue;
    const int least = read.rows[v] * pitch_of(f) + read_bytes(p, v, f.steps - 1);
    if (least < limit) cuts.add(v, least, estimates.most[v]);
  }
  return cuts;
}

}  // namespace graven::core::plan
