// What the planner knows: sizes and row rules only, no operators, no instruction sets, no element
// types.
#pragma once

#include "graven/policy.hpp"

namespace graven::core {

namespace plan {

// Which rows of an input a step reads: rows [first, last], clipped to the input.
struct Span {
  int first, last;
};

// What the planner knows of a value. Reads of value v are `reads[first_read ... + read_count)`.
struct Facts {
  int rows = 1;
  int row_bytes = 0;
  int steps = 0;      // 0: a resident model input or a constant; arrivals of rows are steps too
  int band = 1;       // rows per step; a reduction has all its rows after the last step
  int scratch = 0;    // bytes
  bool wide = false;  // of 8-byte elements: where users get a span of it, it is aligned so
  int first_read = 0, read_count = 0;
  int first_span = 0;    // spans[first_span + step * read_count + k] for read k
  bool carries = false;  // scratch lasts from the first step to the last
  bool reduces = false, is_input = false, is_constant = false, is_output = false;
  bool persistent = false;
  int fresh = 0;  // of a persistent value: so many rows, the first, are made anew by every run
  bool sliced = false;  // some reader begins at another row than the first
  int overwrites = -1;  // the value whose rows this one may replace, row by row
  int waits = 0;        // the last `waits` reads are for the order: of the last row that is made

  // A reduction writes with its last step.
  constexpr bool waits_at(int step) const { return !reduces || step + 1 == steps; }
  // Are all steps made, whoever reads them: because a later run or step depends on them?
  constexpr bool is_complete() const { return persistent || (carries && !reduces); }
  constexpr bool lasts(int row) const { return persistent && row >= fresh; }
  constexpr int rows_after(int done) const {
    if (reduces) return done == steps ? rows : 0;
    return done * band < rows ? done * band : rows;
  }
};

template <int Values, int Reads, int Spans> struct Problem {
  Facts values[std::size_t{Values}]{};
  int reads[std::size_t{Reads}]{};  // value ids
  Span spans[std::size_t{Spans}]{};
};

}  // namespace plan
}  // namespace graven::core
