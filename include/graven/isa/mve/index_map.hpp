// Index maps by patterns: a row is filled, where anything is not read, then each row that is read
// gives what it has; the loops that stay in a row are one pattern.
#pragma once

#if defined(__ARM_FEATURE_MVE)

#include "graven/isa/mve/move.hpp"
#include "graven/isa/scalar/index_map.hpp"

namespace graven::core::mve_isa {

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
  const MapLoops all(m, row, element);
  if (!all.exists) return {};
  MapPlan plan{};
  plan.start = all.start;
  for (; plan.levels < all.levels; ++plan.levels) plan.loops[plan.levels] = all.around[plan.levels];
  Walks<max_loops + 1> inner = all.inner;
  if (element == 8) inner.add({2, 4, 4});
  for (;; inner.drop(0)) {
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
  int band = 1, advance = 0;  // rows of a step; pointers from one to the next
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
    const bool columns = place < 0;
    const std::byte* column = stream + header + kind.levels * record + kind.pattern.stream_size() +
                              4 * band.step * kind.band;
    const int count = kind.band == 1 ? 1 : band.count;
    for (int i = 0; i < count; ++i, column += 4) {
      std::byte* out = band.out[i];
      const std::byte* const* rows = band.rows + i * kind.advance;
      if constexpr (kind.fills) {
        fill_with(out, stream, bytes);
        if (rows[0] == nullptr) continue;
      }
      if (columns) place = load_aligned<std::int32_t>(column);
      go<0>(out + start, rows + first, place, reader);
    }
  }
};

// How index maps copy that have no pattern: those whose runs go on in the next row, or are long,
// and those that read nothing.
struct MapCopies {
  static std::byte* copy(std::byte* to, const std::byte* from, int count) {
    return VectorCopies::copy(to, from, count);
  }
  template <int size> static std::byte* fill(std::byte* to, const std::byte* sixteen, int count) {
    if (count > 0) fill_with(to, sixteen, count * size);
    return to + count * size;
  }
};

template <bool banded> struct IndexMaps {
  static constexpr const char* name = "mve.index_map";
  static constexpr bool serves(const GraphView& g, int value) {
    return scalar_isa::IndexMaps::serves(g, value);
  }
  static constexpr MapPlan plan(const Value& v) {
    const scalar_isa::Form form = scalar_isa::form_of(*v.moves, size_of(v.element));
    return form.last == scalar_isa::Innermost::run && form.levels == 1 ? MapPlan{} : plan_of(v);
  }
  static constexpr int band(const GraphView& g, int value) {
    if (!banded || !serves(g, value) || !plan(g[value]).exists()) return 1;
    const Value& v = g[value];
    return rows_together(g.input(v).rows, v.shape, v.shape.row() * size_of(v.element), false);
  }
  template <const auto& graph, int value> static constexpr MapKind kind() {
    constexpr const Value& v = graph.values[value];
    constexpr Rows rows = graph.view().input(v).rows;
    MapKind made = kind_of(plan(v), v);
    made.band = band(graph.view(), value);
    made.advance = made.band > 1 ? rows.step : 0;
    return made;
  }
  template <const auto& graph, int value> static constexpr auto kernel() {
    constexpr const Value& v = graph.values[value];
    if constexpr (plan(v).exists()) {
      return PatternMapped<kind<graph, value>()>{};
    } else {
      constexpr scalar_isa::Form form = scalar_isa::form_of(*v.moves, size_of(v.element));
      return scalar_isa::IndexMapped<form.size, form.levels, v.moves->fills, form.last,
                                     MapCopies>{};
    }
  }
};

// out[i] = in[places[i]], four at a time. Stream: the bits of the fill; int32 elements of a row of
// the input, and 2^32 / that, rounded up.
template <int size> struct IndexTabled : PlainKernel {
  static constexpr int stream_size(const GraphView&, const Value&) { return 12; }
  static constexpr void pack(const GraphView& g, const Value& v, const Parameters&, Writer& to) {
    const auto fill = v.options.get<FillOptions>();
    const int row = g.input(v).shape.row();
    to.put<std::int32_t>(fill.low);
    to.put<std::int32_t>(row);
    to.put(static_cast<std::int32_t>(static_cast<std::uint32_t>(((1ll << 32) + row - 1) / row)));
  }
  static void run(const Task& task, const Band& band) {
    Reader from{task.stream};
    const uint32x4_t fill = vdupq_n_u32(from.next<std::uint32_t>());
    const auto row = from.next<std::uint32_t>(), per_row = from.next<std::uint32_t>();
    auto places = reinterpret_cast<const std::int32_t*>(band.rows[task.rows]);
    const auto rows = reinterpret_cast<const std::uint32_t*>(band.rows);
    std::byte* out = band.out[0];
    const uint32x4_t factor = vdupq_n_u32(per_row);
    for (int left = task.out_width * task.out_channels; left > 0; left -= 4) {
      const mve_pred16_t mask = vctp32q(static_cast<std::uint32_t>(left));
      const int32x4_t place = vldrwq_z_s32(places, mask);
      const mve_pred16_t reads = vcmpgeq_m_n_s32(place, 0, mask);
      const uint32x4_t index = vreinterpretq_u32_s32(place), y = vmulhq_u32(index, factor);
      const uint32x4_t x = vsubq_u32(index, vmulq_n_u32(y, row));
      const uint32x4_t at = vldrwq_gather_shifted_offset_z_u32(rows, y, reads);
      const uint32x4_t read =
          gather_from<size>(nullptr, vaddq_u32(at, vmulq_n_u32(x, size)), reads);
      store_narrow<size>(out, vpselq_u32(read, fill, reads), mask);
      places += 4;
      out += 4 * size;
    }
  }
};
struct IndexTables {
  static constexpr const char* name = "mve.index_table";
  // The products of places and rows have 32 bits, so that quotients are exact.
  static constexpr bool serves(const GraphView& g, int value) {
    if (!scalar_isa::IndexTables::serves(g, value) || size_of(g[value].element) > 4) return false;
    const Shape in = g.input(g[value]).shape;
    return static_cast<std::uint64_t>(in.size()) * static_cast<std::uint64_t>(in.row()) <
               std::uint64_t{1} << 32 &&
           in.row() > 1;
  }
  template <const auto& graph, int value> static constexpr auto kernel() {
    return IndexTabled<size_of(graph.values[value].element)>{};
  }
};

}  // namespace graven::core::mve_isa

#endif
