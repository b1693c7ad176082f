// Index maps by patterns: a row is filled, where anything is not read, then each row that is read
// gives what it has; the loops that stay in a row are one pattern.
#pragma once

#if defined(__ARM_FEATURE_MVE)

#include "graven/isa/mve/move.hpp"
#include "graven/isa/scalar/index_map.hpp"

namespace graven::core::mve_isa {

// A loop around the pattern: pointers, and bytes of the input and the output, of a step.
struct Around {
  int count = 1, rows = 0, in = 0, out = 0;
};
struct MapPlan {
  Around loops[max_loops]{};
  int levels = 0;
  int start = 0;  // byte of the output's row where the first element that is read goes
  Pattern pattern{};

  constexpr bool exists() const { return pattern.exists(); }
  // Vectors of a pattern that is short enough for loops over it to keep it in registers, or 0.
  constexpr int vectors() const {
    const Pattern& p = pattern;
    const bool run = p.lanes == Lanes::neighbours;
    const int all = run ? p.period : p.turns * p.period + p.last_vectors();
    const bool held = run ? p.turns == 0 : p.period <= Pattern::in_registers;
    return levels > 0 && held && all <= Pattern::in_registers ? all : 0;
  }
  constexpr bool is_listed() const {
    return levels > 0 && loops[levels - 1].rows == 1 && loops[levels - 1].in == 0;
  }
  constexpr bool is_stepped() const { return levels > 0 && loops[levels - 1].rows == 0; }
};

constexpr MapPlan plan_of(const Moves& m, int row, int element) {
  MapPlan plan{};
  Walks<max_loops + 1> inner{};
  int turn = row * element;
  for (int k = 0; k < m.levels; ++k) {
    const Loop& loop = m.loops[k];
    turn /= loop.count;
    if (!m.within || loop.inside <= 0) return {};
    plan.start += loop.before * turn;
    if (loop.rows != 0)
      plan.loops[plan.levels++] = {loop.inside, loop.rows, loop.elements * element, turn};
    else
      inner.add({loop.inside, loop.elements * element, turn});
  }
  if (element == 8) inner.add({2, 4, 4});
  for (;; inner.drop_first()) {
    plan.pattern = pattern_of(inner, element == 8 ? 4 : element);
    if (plan.exists() || inner.levels == 0) return plan;
    const Walk& walk = inner.walks[0];
    plan.loops[plan.levels++] = {walk.count, 0, walk.in, walk.out};
  }
}
constexpr MapPlan plan_of(const Value& v) {
  return plan_of(*v.moves, v.shape.row(), size_of(v.element));
}

// How the innermost loop is done: pattern by pattern, pieces of a list of rows or of one row,
// elements of a list of rows.
enum class Inner : std::uint8_t { patterns, rows, pieces, elements };
struct MapKind {
  PatternKind pattern;
  int levels, vectors;
  Inner inner;
  bool fills;
  int element;
};
constexpr MapKind kind_of(const MapPlan& plan, const Value& v) {
  const int element = size_of(v.element), vectors = plan.vectors();
  MapKind kind{kind_of(plan.pattern), plan.levels,    vectors,
               Inner::patterns,       v.moves->fills, element};
  const bool lone = plan.pattern.rest == 1 && plan.pattern.turns == 0 && element <= 4 &&
                    plan.pattern.lanes != Lanes::neighbours;
  if (vectors > 0 && plan.is_listed())
    kind.inner = lone && plan.loops[plan.levels - 1].out == element ? Inner::elements : Inner::rows;
  else if (vectors > 0 && plan.is_stepped())
    kind.inner = Inner::pieces;
  return kind;
}

// Stream: 16 bytes of fill; int32 first pointer, byte of the first element or -1, byte of the
// output where it goes, bytes of the output's row; the loops' numbers; the pattern; then, where
// there is no one column, an int32 for each output row.
template <MapKind kind> struct PatternMapped : PlainKernel {
  static constexpr int header = 32, record = 16;

  static constexpr int stream_size(const GraphView&, const Value& v) {
    const int columns = v.moves->columns != nullptr ? 4 * v.moves->steps : 0;
    return header + kind.levels * record + plan_of(v).pattern.stream_size() + columns;
  }
  static constexpr void pack(const GraphView&, const Value& v, const Parameters&, Writer& to) {
    const MapPlan plan = plan_of(v);
    const Moves& m = *v.moves;
    const auto fill = v.options.get<FillOptions>();
    for (int i = 0; i < 16; ++i) to.put(fill.byte(i % kind.element));
    for (const int number : {m.pointer, m.columns != nullptr ? -1 : m.column * kind.element,
                             plan.start, v.shape.row() * kind.element})
      to.put<std::int32_t>(number);
    for (int k = 0; k < plan.levels; ++k)
      for (const int number :
           {plan.loops[k].count, plan.loops[k].rows, plan.loops[k].in, plan.loops[k].out})
        to.put<std::int32_t>(number);
    plan.pattern.pack(to);
    for (int y = 0; y < m.steps && m.columns != nullptr; ++y)
      to.put<std::int32_t>(m.columns[y] * kind.element);
  }

  template <int level>
  [[gnu::always_inline]] static void go(std::byte* to, const std::byte* const* rows, int place,
                                        Reader loops) {
    if constexpr (level == kind.levels) {
      Mover<kind.pattern>(loops).run(to, rows[0] + place);
    } else {
      const auto count = loops.next<std::int32_t>(), step = loops.next<std::int32_t>();
      const auto in = loops.next<std::int32_t>(), out = loops.next<std::int32_t>();
      constexpr bool last = level + 1 == kind.levels;
      constexpr auto vectors = static_cast<std::size_t>(kind.vectors);
      if constexpr (last && kind.inner == Inner::elements)
        gather_rows<kind.element>(to, rows, place, count);
      else if constexpr (last && kind.inner == Inner::rows)
        move_pieces<kind.pattern, vectors, true>(to, {rows, place, nullptr, in, out, count}, loops);
      else if constexpr (last && kind.inner == Inner::pieces)
        move_pieces<kind.pattern, vectors, false>(to, {nullptr, 0, rows[0] + place, in, out, count},
                                                  loops);
      else
        for (int left = count; left > 0; --left, to += out, rows += step, place += in)
          go<level + 1>(to, rows, place, loops);
    }
  }

  static void run(const Task& task, const Band& band) {
    const std::byte* stream = task.stream;
    Reader reader{stream + 16};
    const auto first = reader.next<std::int32_t>();
    auto place = reader.next<std::int32_t>();
    const auto start = reader.next<std::int32_t>(), bytes = reader.next<std::int32_t>();
    std::byte* out = band.out[0];
    if constexpr (kind.fills) {
      fill_with(out, stream, bytes);
      if (band.rows[0] == nullptr) return;
    }
    if (place < 0) {
      const std::byte* pattern = stream + header + kind.levels * record;
      const int vectors = kind.pattern.lanes == Lanes::neighbours ? 0 : kind.pattern.period;
      place = load_aligned<std::int32_t>(pattern + 20 + 16 * vectors + 4 * band.step);
    }
    go<0>(out + start, band.rows + first, place, reader);
  }
};

}  // namespace graven::core::mve_isa

#endif
