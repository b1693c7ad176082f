// Row kernels of index maps: loops of copies, and what stands where nothing is read.
#pragma once

#include "graven/graph/index_map.hpp"
#include "graven/kernel/prefer.hpp"

namespace graven::core::scalar_isa {

// `count` elements of `size` bytes, as they stand at `value`.
template <int size>
constexpr std::byte* fill_elements(std::byte* out, const std::byte* value, int count) {
  if constexpr (size == 1) {
    if (count > 0) fill_bytes(out, *value, count);
    return out + count;
  } else {
    for (; count > 0; --count, out += size) copy_bytes(out, value, size);
    return out;
  }
}

// What the innermost loop of a map does: a run of neighbours, elements of a row some bytes apart,
// one of every row, or runs that go on in the next row.
enum class Innermost : std::uint8_t { run, apart, rows, onward };

// How a map moves: so many bytes at once, by so many loops. A run of 2, 4 or 8 bytes is one.
struct Form {
  int size, levels;
  Innermost last;
};
constexpr Form form_of(const Moves& m, int element) {
  int levels = m.levels, size = element;
  if (!m.within) return {size, levels, Innermost::onward};
  const Loop& run = m.loops[levels - 1];
  const int bytes = run.count * element;
  const bool is_run = run.rows == 0 && (run.elements == 1 || run.count == 1);
  if (is_run && levels > 1 && run.inside == run.count && bytes <= 8 && (bytes & (bytes - 1)) == 0) {
    size = bytes;
    --levels;
  } else if (is_run) {
    return {size, levels, Innermost::run};
  }
  return {size, levels, m.loops[levels - 1].rows != 0 ? Innermost::rows : Innermost::apart};
}

// Stream: 8 bytes of fill; int32 first pointer, bytes of a row, byte of the first element or -1;
// per loop int32 count, before, inside, pointers and bytes of a step, `size`s of a turn;
// then, where there is no one column, an int32 for each output row.
template <int size, int levels, bool fills, Innermost last> struct IndexMapped : PlainKernel {
  static constexpr int header = 20, record = 24;

  static constexpr int stream_size(const GraphView&, const Value& v) {
    return header + levels * record + (v.moves->columns != nullptr ? 4 * v.moves->steps : 0);
  }
  static constexpr void pack(const GraphView&, const Value& v, const Parameters&, Writer& to) {
    const Moves& m = *v.moves;
    const int element = size_of(v.element);
    const auto fill = v.options.get<FillOptions>();
    for (int i = 0; i < 8; ++i) to.put(fill.byte(i % element));
    to.put<std::int32_t>(m.pointer);
    to.put<std::int32_t>(m.row * element);
    to.put<std::int32_t>(m.columns != nullptr ? -1 : m.column * element);
    for (int k = 0; k < levels; ++k) {
      const Loop& loop = m.loops[k];
      int turn = 1;
      for (int i = k + 1; i < levels; ++i) turn *= m.loops[i].count;
      for (const int number :
           {loop.count, loop.before, loop.inside, loop.rows, loop.elements * element, turn})
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

  static constexpr std::byte* move(const Source& from, std::byte* out, int r, int place, int count,
                                   int rows, int bytes) {
    if constexpr (last == Innermost::run) {
      copy_bytes(out, from.at(r, place), count * size);
      return out + count * size;
    } else if constexpr (last == Innermost::apart) {
      const std::byte* in = from.at(r, 0);
      for (; count > 0; --count, place += bytes, out += size) copy_bytes(out, in + place, size);
      return out;
    } else if constexpr (last == Innermost::rows) {
      for (; count > 0; --count, r += rows, place += bytes, out += size)
        copy_bytes(out, from.at(r, place), size);
      return out;
    } else {
      return move_on(from, out, place, count, bytes);
    }
  }
  static constexpr std::byte* move_on(const Source& from, std::byte* out, int place, int count,
                                      int bytes) {
    while (count > 0) {
      const int left = bytes == size ? (from.row - place % from.row) / size : 1;
      const int run = left < count ? left : count;
      copy_bytes(out, from.at(0, place), run * size);
      out += run * size;
      place += run * bytes;
      count -= run;
    }
    return out;
  }

  template <int level>
  static constexpr std::byte* turn(const std::byte* loops, const Source& from, std::byte* out,
                                   int r, int place) {
    Reader reader{loops + level * record};
    const int count = reader.next<std::int32_t>(), before = reader.next<std::int32_t>();
    const int inside = reader.next<std::int32_t>(), rows = reader.next<std::int32_t>();
    const int bytes = reader.next<std::int32_t>();
    [[maybe_unused]] const int elements = reader.next<std::int32_t>();
    if constexpr (fills) out = fill_elements<size>(out, from.fill, before * elements);
    if constexpr (level + 1 == levels)
      out = move(from, out, r, place, inside, rows, bytes);
    else
      for (int i = 0; i < inside; ++i, r += rows, place += bytes)
        out = turn<level + 1>(loops, from, out, r, place);
    if constexpr (fills)
      out = fill_elements<size>(out, from.fill, (count - before - inside) * elements);
    return out;
  }

  // `size`s of a row.
  static constexpr int all(const std::byte* stream) {
    return load_aligned<std::int32_t>(stream + header) *
           load_aligned<std::int32_t>(stream + header + record - 4);
  }
  static constexpr void run(const Task& task, const Band& band) {
    const Task t = task;
    if constexpr (fills)
      if (band.rows[0] == nullptr) {
        fill_elements<size>(band.out[0], t.stream, all(t.stream));
        return;
      }
    Reader reader{t.stream + 8};
    const int first = reader.next<std::int32_t>(), row = reader.next<std::int32_t>();
    int place = reader.next<std::int32_t>();
    if (place < 0)
      place = load_aligned<std::int32_t>(t.stream + header + levels * record + 4 * band.step);
    turn<0>(t.stream + header, {band.rows, t.stream, row}, band.out[0], first, place);
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
