// What an index map does to the rows of its input: which rows a step reads, and the loops that make
// a row of the output from them.
#pragma once

#include "graven/graph/value.hpp"

#include <array>
#include <cstddef>

namespace graven::core {

// A digit of an output element's index: it counts from 0 to count - 1, and every step moves
// `stride` elements on in the input. At its first `before` and last `after` values nothing is read.
struct Digit {
  int count = 1, stride = 0;
  int before = 0, after = 0;

  constexpr int inside() const { return saturated(std::int64_t{count} - before - after); }
  // From its first value that is read to the least and the greatest place.
  constexpr int least() const { return stride < 0 ? reach() : 0; }
  constexpr int most() const { return stride > 0 ? reach() : 0; }
  constexpr int reach() const {
    return inside() > 0 ? saturated((inside() - std::int64_t{1}) * stride) : 0;
  }
};

// Such a digit inside of a row, with its stride as pointers of the step and elements of a row.
struct Loop {
  int count = 1, before = 0, inside = 1;
  int rows = 0, elements = 0;

  constexpr int steps() const { return inside > 0 ? inside - 1 : 0; }
};

inline constexpr int max_digits = 8, max_loops = 2 * max_digits;

// A value's `moves`. A step's element is at rows[pointer] + column, column the same at all steps or
// one of `columns`; the loops, the last the fastest, go on from there.
struct Moves {
  Loop loops[max_loops]{};
  int levels = 0;
  int pointer = 0;
  int column = 0;
  const std::int32_t* columns = nullptr;
  int steps = 0;       // so many columns
  bool within = true;  // else elements are counted on from row to row, through all of the input
  bool fills = false;  // is anything not read?
  int row = 0;         // elements of the input's row
};

namespace detail {

template <int Height> struct MovesOf {
  static constexpr std::size_t height{static_cast<std::size_t>(Height)};
  Moves moves{};
  std::array<std::uint16_t, height> starts{};
  std::array<std::int32_t, height> columns{};
  Rows rows{};  // without the list of starts
  bool listed = false, numbered = false;
  int view = -1;  // the row that it begins with, where it is rows of the input as they are
};

constexpr int magnitude(int x) { return x < 0 ? saturated(-std::int64_t{x}) : x; }
constexpr int greatest_divisor(int a, int b) {
  while (b != 0) {
    const int rest = a % b;
    a = b;
    b = rest;
  }
  return a;
}

// From digits to MovesOf; `outer` of them choose the step.
template <int Height> struct MoveMaker {
  Shape in, out;
  int base;
  const Digit* digits;
  int count, outer;
  MovesOf<Height> made{};

  constexpr int row() const { return in.row(); }

  constexpr void add(const Digit& d, bool whole_rows) {
    Moves& m = made.moves;
    Loop loop{d.count, d.before, d.inside(), whole_rows ? d.stride / row() : 0,
              whole_rows ? d.stride % row() : d.stride};
    const bool plain = d.before == 0 && d.after == 0;
    if (m.levels > 0 && plain) {  // one loop with the one around it?
      Loop& last = m.loops[m.levels - 1];
      if (last.rows == loop.rows * d.count && last.elements == loop.elements * d.count) {
        last = {last.count * d.count, last.before * d.count, last.inside * d.count, loop.rows,
                loop.elements};
        return;
      }
    }
    if (d.count > 1) m.loops[m.levels++] = loop;
  }
  // A digit that runs over several rows counts rows and elements.
  constexpr void add_split(const Digit& d) {
    const int step = magnitude(d.stride), per_row = step > 0 ? row() / step : 0;
    const bool plain = d.before == 0 && d.after == 0;
    if (plain && step > 0 && row() % step == 0 && d.count > per_row && d.count % per_row == 0) {
      add({d.count / per_row, d.stride < 0 ? -row() : row()}, true);
      add({per_row, d.stride}, true);
    } else {
      add(d, true);
    }
  }

  // The input's element where row y of the output starts to read; whether it reads at all.
  constexpr bool at(int y, int& element) const {
    bool reads = true;
    std::int64_t sum = base;
    for (int k = outer - 1; k >= 0; --k) {
      const Digit& d = digits[k];
      const int place = y % d.count - d.before;
      y /= d.count;
      reads = reads && place >= 0 && place < d.inside();
      sum += std::int64_t{place} * d.stride;
    }
    element = saturated(sum);
    for (int k = outer; k < count; ++k) reads = reads && digits[k].inside() > 0;
    return reads;
  }

  // Does no loop leave the row that it is in?
  constexpr bool stays_within() const {
    int least = 0, most = 0;
    for (int k = 0; k < made.moves.levels; ++k) {
      const Loop& loop = made.moves.loops[k];
      const int reach = loop.steps() * loop.elements;
      (reach < 0 ? least : most) += reach;
    }
    for (int y = 0; y < Height; ++y) {
      int element = 0;
      if (!at(y, element)) continue;
      const int column = element % row();
      if (column + least < 0 || column + most >= row()) return false;
    }
    return true;
  }

  constexpr void add_loops() {
    for (int k = outer; k < count; ++k) add_split(digits[k]);
    made.moves.within = stays_within();
    if (!made.moves.within) {
      made.moves.levels = 0;
      for (int k = outer; k < count; ++k) add(digits[k], false);
    }
    if (made.moves.levels == 0) made.moves.levels = 1;
  }

  // Row y starts to read in the row `lowest` from the one where its first element is.
  constexpr int find_rows(int& lowest) {
    Moves& m = made.moves;
    int reach = 0, dilation = 0;
    for (int k = 0; k < m.levels; ++k) {
      const int rows = m.loops[k].rows * m.loops[k].steps();
      if (rows != 0) dilation = greatest_divisor(magnitude(m.loops[k].rows), dilation);
      if (rows < 0) lowest += rows;
      reach += magnitude(rows);
    }
    if (dilation == 0) dilation = 1;
    for (Loop& loop : m.loops) loop.rows /= dilation;
    m.pointer = -lowest / dilation;
    made.rows = {.count = 1 + reach / dilation, .dilation = dilation};
    return reach;
  }
  constexpr int start(int element, int lowest, int least) const {
    return made.moves.within ? floor_div(element, row()) + lowest
                             : floor_div(element + least, row());
  }

  constexpr void find_starts() {
    Moves& m = made.moves;
    int lowest = 0, least = 0, most = 0, reach = find_rows(lowest);
    for (int k = outer; k < count; ++k) {
      least += digits[k].least();
      most += digits[k].most();
    }
    for (int y = 0; y < Height && !m.within; ++y) {
      int element = 0;
      if (!at(y, element)) continue;
      const int rows = floor_div(element + most, row()) - floor_div(element + least, row());
      if (rows > reach) reach = rows;
      made.rows.count = reach + 1;
    }
    int first = 0, second = 0, column = -1;
    bool straight = true;
    for (int y = 0; y < Height; ++y) {
      int element = 0;
      const bool reads = at(y, element);
      int row_of = start(element, lowest, least);
      const bool outside = row_of + reach < 0 || row_of >= in.height;
      if (!reads && !outside) straight = false;
      if (y == 0) first = row_of;
      if (y == 1) second = row_of;
      straight = straight && row_of == first + std::int64_t{y} * (second - first);
      const auto index = static_cast<std::size_t>(y);
      made.starts[index] = static_cast<std::uint16_t>(reads ? row_of : 0xffff);
      if (!reads) continue;
      made.columns[index] = element - (row_of - (m.within ? lowest : 0)) * row();
      if (column < 0) column = made.columns[index];
      made.numbered = made.numbered || made.columns[index] != column;
    }
    m.column = column < 0 ? 0 : column;
    made.rows.first = first;
    made.rows.step = Height > 1 ? second - first : 1;
    made.listed = !straight;
  }

  constexpr void run() {
    for (int k = 0; k < count; ++k)
      made.moves.fills = made.moves.fills || digits[k].before > 0 || digits[k].after > 0;
    made.moves.row = row();
    made.moves.steps = Height;
    add_loops();
    find_starts();
    const Loop& loop = made.moves.loops[0];
    const bool copies = made.moves.levels == 1 && loop.count == row() && loop.rows == 0 &&
                        (loop.elements == 1 || row() == 1) && out.row() == row();
    const bool onward = !made.listed && (made.rows.step == 1 || Height == 1);
    if (copies && onward && !made.moves.fills && made.moves.within) made.view = made.rows.first;
  }
};

}  // namespace detail
}  // namespace graven::core
