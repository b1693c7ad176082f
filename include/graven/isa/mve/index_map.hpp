// Index maps by patterns: a row is filled, where anything is not read, then each row that is read
// gives what it has; the loops that stay in a row are one pattern.
#pragma once

#if defined(__ARM_FEATURE_MVE)

#include "graven/isa/mve/move.hpp"
#include "graven/isa/scalar/index_map.hpp"
#include "graven/isa/shared/map_rows.hpp"

namespace graven::core::mve_isa {

struct PatternPlan : MapPlan {
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

constexpr PatternPlan pattern_plan(const Value& v) {
  const int element = size_of(v.element);
  const MapLoops all(*v.moves, v.shape.row(), element);
  if (!all.exists) return {};
  PatternPlan plan{};
  plan.start = all.start;
  for (int k = 0; k < all.levels; ++k) plan.add(all.around[k]);
  Walks<max_loops + 1> inner = all.inner;
  if (element == 8) inner.add({2, 4, 4});
  for (;; inner.drop(0)) {
    plan.pattern = pattern_of(inner, element == 8 ? 4 : element);
    if (plan.exists() || inner.levels == 0) return plan;
    plan.add(inner.walks[0]);
  }
}

// How the innermost loop is done: pattern by pattern, pieces of a list of rows or of one row,
// elements of a list of rows.
enum class PatternInner : std::uint8_t { patterns, rows, pieces, elements };
constexpr PatternInner pattern_inner(const PatternPlan& plan, int element) {
  const Pattern& p = plan.pattern;
  const bool lone = p.rest == 1 && p.turns == 0 && element <= 4 && p.lanes != Lanes::neighbours;
  if (plan.vectors() == 0) return PatternInner::patterns;
  if (plan.is_listed())
    return lone && plan.loops[plan.levels - 1].out == element ? PatternInner::elements
                                                              : PatternInner::rows;
  return plan.is_stepped() ? PatternInner::pieces : PatternInner::patterns;
}
struct PatternMapKind {
  MapKind map;
  PatternKind pattern;
  PatternInner inner;
  int vectors;
};
constexpr PatternMapKind pattern_map_kind(const GraphView& g, const Value& v, int band) {
  const PatternPlan plan = pattern_plan(v);
  const PatternInner inner = pattern_inner(plan, size_of(v.element));
  const int around = plan.levels - (inner != PatternInner::patterns ? 1 : 0);
  return {map_kind(g, v, plan, around, band, false), kind_of(plan.pattern), inner, plan.vectors()};
}

// Its own in the stream: the pattern.
template <PatternMapKind kind>
struct PatternMapped : MapRows<PatternMapped<kind>, kind.map, kind.pattern.stream_size()> {
  using Base = MapRows<PatternMapped, kind.map, kind.pattern.stream_size()>;

  static constexpr PatternPlan plan(const GraphView&, const Value& v) { return pattern_plan(v); }
  static constexpr void pack_own(const PatternPlan& plan, Writer& to) { plan.pattern.pack(to); }

  [[gnu::always_inline]] static void fill(std::byte* to, const std::byte* sixteen, int bytes) {
    fill_with(to, sixteen, bytes);
  }
  [[gnu::always_inline]] static void innermost(std::byte* to, const std::byte* const* rows,
                                               int place, Reader loops) {
    constexpr auto vectors = static_cast<std::size_t>(kind.vectors);
    if constexpr (kind.inner == PatternInner::patterns) {
      Mover<kind.pattern>(loops).run(to, rows[0] + place);
    } else {
      const Around last = Base::next_loop(loops);
      if constexpr (kind.inner == PatternInner::elements)
        gather_rows<kind.map.element>(to, rows, place, last.count);
      else if constexpr (kind.inner == PatternInner::rows)
        move_pieces<kind.pattern, vectors, true>(
            to, {rows, place, nullptr, last.in, last.out, last.count}, loops);
      else
        move_pieces<kind.pattern, vectors, false>(
            to, {nullptr, 0, rows[0] + place, last.in, last.out, last.count}, loops);
    }
  }
  [[gnu::always_inline]] static void move(const std::byte* stream, const Band&, const MapRow& at) {
    Base::each_place(
        at.out + at.start, at.rows, at.place, Reader{stream + Base::loops_at},
        [](std::byte * to, const std::byte* const* rows, int place, Reader loops)
            __attribute__((always_inline)) { innermost(to, rows, place, loops); });
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
  static constexpr bool has_pattern(const Value& v) {
    const scalar_isa::Form form = scalar_isa::form_of(*v.moves, size_of(v.element));
    const bool is_run = form.last == scalar_isa::Innermost::run && form.levels == 1;
    return !is_run && pattern_plan(v).exists();
  }
  static constexpr int band(const GraphView& g, int value) {
    if (!banded || !serves(g, value) || !has_pattern(g[value])) return 1;
    const Value& v = g[value];
    return rows_together(g.input(v).rows, v.shape, v.shape.row() * size_of(v.element), false);
  }
  template <const auto& graph, int value> static constexpr auto kernel() {
    constexpr const Value& v = graph.values[value];
    if constexpr (has_pattern(v)) {
      return PatternMapped<pattern_map_kind(graph.view(), v, band(graph.view(), value))>{};
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
