// The loops of an index map, each with its own steps in the input and the output, so that their
// order is free.
#pragma once

#include "graven/graph/moves.hpp"

namespace graven::core {

// So many steps, each of which moves `in` bytes on in the input, `out` in the output.
struct Walk {
  int count = 1, in = 0, out = 0;
};
template <std::size_t most> struct Walks {
  Walk walks[most]{};
  int levels = 0;

  constexpr int size() const {
    int product = 1;
    for (int k = 0; k < levels; ++k) product *= walks[k].count;
    return product;
  }
  constexpr void add(Walk walk) {
    if (walk.count > 1) walks[levels++] = walk;
  }
  constexpr void drop(int level) {
    for (int k = level + 1; k < levels; ++k) walks[k - 1] = walks[k];
    --levels;
  }
  constexpr Walk last(int from_end) const {
    return levels > from_end ? walks[levels - 1 - from_end] : Walk{};
  }
  // Byte of the input or the output where element i lies; the last walk is the fastest.
  constexpr int place(int i, bool of_input) const {
    int at = 0;
    for (int k = levels - 1; k >= 0; --k) {
      at += i % walks[k].count * (of_input ? walks[k].in : walks[k].out);
      i /= walks[k].count;
    }
    return at;
  }
  // Do elements follow each other there?
  constexpr bool is_dense(bool of_input, int element) const {
    int step = element;
    for (int k = levels - 1; k >= 0; --k) {
      if ((of_input ? walks[k].in : walks[k].out) != step) return false;
      step *= walks[k].count;
    }
    return true;
  }
  constexpr void sort_by_input() {
    for (int k = 1; k < levels; ++k)
      for (int at = k; at > 0 && walks[at - 1].in < walks[at].in; --at) {
        const Walk walk = walks[at];
        walks[at] = walks[at - 1];
        walks[at - 1] = walk;
      }
  }
};

// A loop that goes from row to row as well: pointers, and bytes of the input and the output, of a
// step.
struct Around {
  int count = 1, rows = 0, in = 0, out = 0;
};
// The loops of a map that stay in their row, and those that do not; a map whose runs go on in the
// next row, or which reads nothing, has none.
struct MapLoops {
  bool exists = false;
  Around around[max_loops]{};
  int levels = 0;
  Walks<max_loops + 1> inner{};
  int start = 0;  // byte of the output's row where the first element that is read goes

  constexpr MapLoops(const Moves& m, int row, int element) {
    int turn = row * element;
    for (int k = 0; k < m.levels; ++k) {
      const Loop& loop = m.loops[k];
      turn /= loop.count;
      if (!m.within || loop.inside <= 0) return;
      start += loop.before * turn;
      if (loop.rows != 0)
        around[levels++] = {loop.inside, loop.rows, loop.elements * element, turn};
      else
        inner.add({loop.inside, loop.elements * element, turn});
    }
    exists = true;
  }
};

}  // namespace graven::core
