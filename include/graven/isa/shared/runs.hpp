// Rows of two operands, of which one may be broadcast, as runs of plain loops.
#pragma once

#include "graven/kernel/task.hpp"

namespace graven::core {

// How a row of two operands falls into runs, in which each of them goes on element by element or
// stays where it is.
struct Runs {
  int count, length;
  bool each[2];
  int step[2];  // elements from a run to the next

  constexpr Runs(const GraphView& g, const Value& v)
      : count(1), length(v.shape.row()), each{true, true}, step{} {
    bool together = true;  // is the row one run?
    for (int k = 0; k < 2; ++k) {
      const int row = g.input(v, k).shape.row();
      each[k] = row != 1 || length == 1;
      together = together && (row == 1 || row == length);
    }
    if (together) return;
    count = v.shape.width;
    length = v.shape.channels;
    for (int k = 0; k < 2; ++k) {
      const Shape in = g.input(v, k).shape;
      each[k] = in.channels == length;
      step[k] = in.width == 1 ? 0 : in.channels;
    }
  }
  static constexpr int bytes = 16;
  constexpr void pack(Writer& to) const {
    for (const int number : {count, length, step[0], step[1]}) to.put<std::int32_t>(number);
  }
};

// A kernel of which Math makes the elements. Stream: Runs, then Math's own.
template <class Math> struct RunsKernel : PlainKernel {
  static constexpr int stream_size(const GraphView&, const Value&) {
    return Runs::bytes + Math::bytes;
  }
  static constexpr void pack(const GraphView& g, const Value& v, const Parameters&, Writer& to) {
    Runs(g, v).pack(to);
    Math::pack(g, v, to);
  }
};

}  // namespace graven::core
