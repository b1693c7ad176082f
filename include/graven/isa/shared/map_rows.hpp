// Index maps by loops: what their kernels have in common, whatever an instruction set moves at once
// inside of them. How many rows a step makes, the stream, and the way through both.
#pragma once

#include "graven/graph/index_map.hpp"
#include "graven/isa/shared/walks.hpp"
#include "graven/kernel/task.hpp"

namespace graven::core {

// Rows of a map per step, where memory may be spent on speed: four or, where all steps read the
// same rows, up to sixteen, where a step of each costs more than what it moves; `always`: any rows.
// Not where more than a row lies between those that are read, or many are: all their pointers lie
// on the stack.
constexpr int rows_together(const Rows& rows, Shape out, int row_bytes, bool always) {
  constexpr int longest = 256;  // bytes
  constexpr int most_rows = 8;
  if (out.height < 2 || rows.per != 1 || rows.step < 0 || rows.dilation != 1) return 1;
  if (rows.step > rows.count + 1 || rows.step > most_rows) return 1;
  if (!always && row_bytes > longest) return 1;
  int band = out.height == 2 ? 2 : 4;
  while (rows.step == 0 && band < 16 && band < out.height && band * row_bytes < longest) band *= 2;
  return band;
}

// The loops of a map, the innermost the last.
struct MapPlan {
  Around loops[max_loops + 2]{};
  int levels = 0;
  int start = 0;  // byte of the output's row where the first element that is read goes

  constexpr void add(const Around& loop) { loops[levels++] = loop; }
  constexpr void add(const Walk& walk) { add(Around{walk.count, 0, walk.in, walk.out}); }
};

// What the compiler knows of it.
struct MapKind {
  int element;          // bytes
  int levels, around;   // all loops; those that MapRows goes through
  int band, advance;    // rows of a step; pointers from one to the next
  bool across;          // a step's rows are made at once
  bool fills;           // is anything not read?
  bool listed_columns;  // is there a column for each row?
};
constexpr MapKind map_kind(const GraphView& g, const Value& v, const MapPlan& plan, int around,
                           int band, bool across) {
  return {size_of(v.element),
          plan.levels,
          around,
          band,
          band > 1 ? g.input(v).rows.step : 0,
          across,
          v.moves->fills,
          v.moves->columns != nullptr};
}

// Row `number` of a step, or all of them: what is read begins `place` bytes behind rows[0], and
// goes `start` bytes behind `out`.
struct MapRow {
  int number, start;
  std::byte* out;
  const std::byte* const* rows;
  int place;
};

// A kernel of a kind of map, with `own` bytes of its own in the stream:
//   plan(graph, value)        what derives from MapPlan
//   pack_own(plan, writer)    those bytes
//   fill(to, sixteen, bytes)  sixteen bytes again and again
//   move(stream, band, row)   a MapRow, by each_place
// Stream: 16 bytes of fill; int32 first pointer, byte of the first element (0 where each row has
// its own), byte of the output where it goes, bytes of the output's row; per loop int32 count,
// pointers and bytes of a step, bytes of the output; the kernel's own; then, where there is no one
// column, an int32 for each output row.
template <class Kernel, MapKind kind, int own> struct MapRows : PlainKernel {
  static constexpr int sixteen = 16, loops_at = sixteen + 16, own_at = loops_at + 16 * kind.levels,
                       columns_at = own_at + own;

  static constexpr int stream_size(const GraphView&, const Value& v) {
    return columns_at + (kind.listed_columns ? 4 * v.moves->steps : 0);
  }
  static constexpr void pack(const GraphView& g, const Value& v, const Parameters&, Writer& to) {
    const auto plan = Kernel::plan(g, v);
    const Moves& m = *v.moves;
    const auto fill = v.options.get<FillOptions>();
    for (int i = 0; i < sixteen; ++i) to.put(fill.byte(i % kind.element));
    for (const int number : {m.pointer, kind.listed_columns ? 0 : m.column * kind.element,
                             plan.start, v.shape.row() * kind.element})
      to.put<std::int32_t>(number);
    for (int k = 0; k < kind.levels; ++k)
      for (const int number :
           {plan.loops[k].count, plan.loops[k].rows, plan.loops[k].in, plan.loops[k].out})
        to.put<std::int32_t>(number);
    Kernel::pack_own(plan, to);
    for (int y = 0; y < m.steps && kind.listed_columns; ++y)
      to.put<std::int32_t>(m.columns[y] * kind.element);
  }

  static void run(const Task& task, const Band& band) {
    const std::byte* const stream = task.stream;
    Reader reader{stream + sixteen};
    const auto first = reader.next<std::int32_t>();
    auto place = reader.next<std::int32_t>();
    const auto start = reader.next<std::int32_t>(), bytes = reader.next<std::int32_t>();
    const std::byte* column = stream + columns_at + 4 * band.step * kind.band;
    constexpr bool once = kind.band == 1 || kind.across;
    for (int i = 0; i < (once ? 1 : band.count); ++i, column += 4) {
      std::byte* const out = band.out[i];
      const std::byte* const* rows = band.rows + i * kind.advance;
      if constexpr (kind.fills) {
        Kernel::fill(out, stream, bytes);
        if (rows[0] == nullptr) continue;
      }
      if constexpr (kind.listed_columns) place = load_aligned<std::int32_t>(column);
      Kernel::move(stream, band, {i, start, out, rows + first, place});
    }
  }

  // The loop whose numbers are next.
  [[gnu::always_inline]] static Around next_loop(Reader& loops) {
    const auto count = loops.next<std::int32_t>(), rows = loops.next<std::int32_t>();
    const auto in = loops.next<std::int32_t>(), out = loops.next<std::int32_t>();
    return {count, rows, in, out};
  }
  // Through the loops around; `inside(to, rows, place, loops)` finds the numbers of those that are
  // left in `loops`. `To` is a pointer or a number of bytes.
  template <class To, class Inside, int level = 0>
  [[gnu::always_inline]] static void each_place(To to, const std::byte* const* rows, int place,
                                                Reader loops, const Inside& inside) {
    if constexpr (level == kind.around) {
      inside(to, rows, place, loops);
    } else {
      const Around loop = next_loop(loops);
      for (int left = loop.count; left > 0; --left) {
        each_place<To, Inside, level + 1>(to, rows, place, loops, inside);
        to += loop.out;
        rows += loop.rows;
        place += loop.in;
      }
    }
  }
};

}  // namespace graven::core
