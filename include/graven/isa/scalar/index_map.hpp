// Row kernels of index maps: loops of copies, and what stands where nothing is read.
#pragma once

#include "graven/graph/index_map.hpp"
#include "graven/kernel/prefer.hpp"

namespace graven::core::scalar_isa {

// What the innermost loop of a map does: one run of neighbours, pieces of a row some bytes apart,
// one of every row, or runs that go on in the next row.
enum class Innermost : std::uint8_t { run, apart, rows, onward };

// How a map moves: by `levels` loops, pieces of `size` bytes. Neighbours make a piece of up to 16
// bytes, or several; more than `longest` bytes of them are one run.
struct Form {
  static constexpr int widest = 16, longest = 64;
  int size, levels;
  Innermost last;
};
constexpr Form form_of(const Moves& m, int element) {
  const Loop& loop = m.loops[m.levels - 1];
  if (!m.within) return {element, m.levels, Innermost::onward};
  if (loop.rows != 0) return {element, m.levels, Innermost::rows};
  if (loop.elements != 1 && loop.count > 1) return {element, m.levels, Innermost::apart};
  const int ends = (loop.count | loop.before | loop.inside | Form::widest) * element;
  const int size = (ends & -ends) < Form::widest ? ends & -ends : Form::widest;
  if (size == loop.count * element && m.levels > 1) {
    const Loop& around = m.loops[m.levels - 2];
    return {size, m.levels - 1, around.rows != 0 ? Innermost::rows : Innermost::apart};
  }
  const bool in_pieces = size >= 4 && loop.inside * element <= Form::longest;
  return {in_pieces ? size : element, m.levels, in_pieces ? Innermost::apart : Innermost::run};
}

// How bytes get from one place to another; an instruction set may have a better way. Each returns
// where it has stopped.
struct MapCopies {
  static constexpr std::byte* copy(std::byte* to, const std::byte* from, int count) {
    copy_bytes(to, from, count);
    return to + count;
  }
  // `count` pieces of `size` bytes, of which sixteen bytes consist.
  template <int size>
  static constexpr std::byte* fill(std::byte* to, const std::byte* sixteen, int count) {
    if constexpr (size == 1) {
      if (count > 0) fill_bytes(to, *sixteen, count);
      return to + count;
    } else {
      for (; count > 0; --count, to += size) copy_bytes(to, sixteen, size);
      return to;
    }
  }
};

// Stream: 16 bytes of fill; int32 first pointer, bytes of a row, byte of the first element or -1;
// per loop int32 count, before, inside, pointers and bytes of a step, pieces of a turn; then, where
// there is no one column, an int32 for each output row.
template <int size, int levels, bool fills, Innermost last, class Copies = MapCopies>
struct IndexMapped : PlainKernel {
  static constexpr int header = 28, record = 24;

  static constexpr int stream_size(const GraphView&, const Value& v) {
    return header + levels * record + (v.moves->columns != nullptr ? 4 * v.moves->steps : 0);
  }
  static constexpr void pack(const GraphView&, const Value& v, const Parameters&, Writer& to) {
    const Moves& m = *v.moves;
    const int element = size_of(v.element);
    const auto fill = v.options.get<FillOptions>();
    for (int i = 0; i < Form::widest; ++i) to.put(fill.byte(i % element));
    to.put<std::int32_t>(m.pointer);
    to.put<std::int32_t>(m.row * element);
    to.put<std::int32_t>(m.columns != nullptr ? -1 : m.column * element);
    int turn = v.shape.row() * element / size;
    for (int k = 0; k < levels; ++k) {
      const Loop& loop = m.loops[k];
      turn /= loop.count;
      const bool in_pieces = turn == 0;  // of several elements each
      const int per = in_pieces ? size / element : 1, step = in_pieces ? size : 0;
      for (const int number : {loop.count / per, loop.before / per, loop.inside / per, loop.rows,
                               in_pieces ? step : loop.elements * element, in_pieces ? 1 : turn})
        to.put<std::int32_t>(number);
    }
    for (int y = 0; y < m.steps && m.columns != nullptr; ++y)
      to.put<std::int32_t>(m.columns[y] * element);
  }

  struct Source {
    const std::byte* const* rows;
    const std::byte* fill;
    int row;  // bytes

    constexpr const std::byte* at(int r, int place) const {
      if constexpr (last == Innermost::onward)
        return rows[place / row] + place % row;
      else
        return rows[r] + place;
    }
  };
  struct Turn {
    int count, before, inside, rows, bytes, elements;

    constexpr explicit Turn(const std::byte* at) : Turn(Reader{at}) {}
    constexpr explicit Turn(Reader from)
        : count(from.next<std::int32_t>()), before(from.next<std::int32_t>()),
          inside(from.next<std::int32_t>()), rows(from.next<std::int32_t>()),
          bytes(from.next<std::int32_t>()), elements(from.next<std::int32_t>()) {}
  };

  static constexpr std::byte* fill(const Source& from, std::byte* out, int count) {
    return Copies::template fill<size>(out, from.fill, count);
  }

  static constexpr std::byte* move(const Source& from, const Turn& turn, std::byte* out, int r,
                                   int place) {
    int count = turn.inside;
    if constexpr (last == Innermost::run) {
      return Copies::copy(out, from.at(r, place), count * size);
    } else if constexpr (last == Innermost::onward) {
      return move_on(from, out, place, count, turn.bytes);
    } else if constexpr (last == Innermost::apart) {
      const std::byte* const first = from.at(r, place);
      for (int at = 0; count > 0; --count, at += turn.bytes, out += size)
        copy_bytes(out, first + at, size);
      return out;
    } else {
      for (; count > 0; --count, r += turn.rows, place += turn.bytes, out += size)
        copy_bytes(out, from.at(r, place), size);
      return out;
    }
  }
  static constexpr std::byte* move_on(const Source& from, std::byte* out, int place, int count,
                                      int bytes) {
    while (count > 0) {
      const int left = bytes == size ? (from.row - place % from.row) / size : 1;
      const int run = left < count ? left : count;
      out = Copies::copy(out, from.at(0, place), run * size);
      place += run * bytes;
      count -= run;
    }
    return out;
  }

  template <int level>
  static constexpr std::byte* go(const Source& from, const Turn& turn, const std::byte* inner,
                                 std::byte* out, int r, int place) {
    if constexpr (fills) out = fill(from, out, turn.before * turn.elements);
    if constexpr (level + 1 == levels) {
      out = move(from, turn, out, r, place);
    } else {
      const Turn next(inner);
      for (int i = turn.inside; i > 0; --i, r += turn.rows, place += turn.bytes)
        out = go<level + 1>(from, next, inner + record, out, r, place);
    }
    if constexpr (fills)
      out = fill(from, out, (turn.count - turn.before - turn.inside) * turn.elements);
    return out;
  }

  static constexpr void run(const Task& task, const Band& band) {
    const Task t = task;
    Reader reader{t.stream + Form::widest};
    const int first = reader.next<std::int32_t>(), row = reader.next<std::int32_t>();
    int place = reader.next<std::int32_t>();
    if (place < 0)
      place = load_aligned<std::int32_t>(t.stream + header + levels * record + 4 * band.step);
    const Source from{band.rows, t.stream, row};
    const Turn turn(t.stream + header);
    if constexpr (fills)
      if (band.rows[0] == nullptr) {
        fill(from, band.out[0], turn.count * turn.elements);
        return;
      }
    go<0>(from, turn, t.stream + header + record, band.out[0], first, place);
  }
};

struct IndexMaps {
  static constexpr const char* name = "scalar.index_map";
  static constexpr bool serves(const GraphView& g, int value) {
    return makes(g, value, op::index_map) || makes(g, value, op::numbered_map);
  }
  template <const auto& graph, int value> static constexpr auto kernel() {
    constexpr const Value& v = graph.values[value];
    constexpr Form form = form_of(*v.moves, size_of(v.element));
    return IndexMapped<form.size, form.levels, v.moves->fills, form.last>{};
  }
};

// Stream: int64 fill, int32 elements of a row of the input.
template <int size> struct IndexTabled : PlainKernel {
  static constexpr int stream_size(const GraphView&, const Value&) { return 12; }
  static constexpr void pack(const GraphView& g, const Value& v, const Parameters&, Writer& to) {
    const auto fill = v.options.get<FillOptions>();
    for (int i = 0; i < 8; ++i) to.put(fill.byte(i));
    to.put<std::int32_t>(g.input(v).shape.row());
  }
  static constexpr void run(const Task& task, const Band& band) {
    const Task t = task;
    const int row = load_aligned<std::int32_t>(t.stream + 8);
    const std::byte* places = band.rows[t.rows];
    std::byte* out = band.out[0];
    for (int i = t.out_width * t.out_channels; i > 0; --i, places += 4, out += size) {
      const int place = load_aligned<std::int32_t>(places);
      copy_bytes(out, place < 0 ? t.stream : band.rows[place / row] + place % row * size, size);
    }
  }
};

struct IndexTables {
  static constexpr const char* name = "scalar.index_table";
  static constexpr bool serves(const GraphView& g, int value) {
    const Value& v = g[value];
    return v.op == op::index_table && g.source(v).element == v.element &&
           g.source(v, 1).element == Element::int32;
  }
  template <const auto& graph, int value> static constexpr auto kernel() {
    return IndexTabled<size_of(graph.values[value].element)>{};
  }
};

}  // namespace graven::core::scalar_isa
