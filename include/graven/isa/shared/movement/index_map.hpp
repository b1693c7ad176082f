// Index maps by words: a row is filled, where anything is not read, then pieces as long as they
// are known to be go to their places; elements that all go to rows of their own are transposed in
// blocks, across the rows of a band or within a row.
#pragma once

#if defined(__thumb2__)

#include "graven/isa/scalar/index_map.hpp"
#include "graven/isa/shared/movement/map_plan.hpp"

namespace graven::core::movement {

struct MapKind {
  Inner inner;
  int levels, piece;  // piece: 0 where it is long
  int element, rest;  // rest: columns behind the last whole block
  Group group;
  int band, advance;  // pointers from a row of a band to the next
  bool across, fills, listed_columns;
};
constexpr MapKind kind_of(const GraphView& g, const Value& v, int band) {
  const MapPlan plan = plan_of(g, v, band > 1);
  const int element = size_of(v.element),
            columns = plan.across ? v.shape.height : plan.columns.count;
  const Rows& rows = g.input(v).rows;
  return {plan.inner,
          plan.levels,
          plan.piece <= MapPlan::longest ? plan.piece : 0,
          element,
          plan.transposes() ? columns % (4 / element) : 0,
          plan.group,
          band,
          rows.per == 1 ? rows.step : 0,
          plan.across,
          v.moves->fills,
          v.moves->columns != nullptr};
}

// Stream: 16 bytes of fill; int32 first pointer, byte of the first element or -1, byte of the
// output where it goes, bytes of the output's row, bytes of a piece; columns of a
// transposition and bytes between them; the loops' numbers; then, where there is no one column, an
// int32 for each output row.
template <MapKind kind> struct MovedMap : PlainKernel {
  static constexpr int header = 44, record = 16;
  static constexpr bool transposes = kind.inner >= Inner::words;
  static constexpr int block = transposes ? 4 / kind.element : 1;

  static constexpr int stream_size(const GraphView&, const Value& v) {
    return header + kind.levels * record + (kind.listed_columns ? 4 * v.moves->steps : 0);
  }
  static constexpr void pack(const GraphView& g, const Value& v, const Parameters&, Writer& to) {
    const MapPlan plan = plan_of(g, v, kind.band > 1);
    const Moves& m = *v.moves;
    const auto fill = v.options.get<FillOptions>();
    for (int i = 0; i < 16; ++i) to.put(fill.byte(i % kind.element));
    for (const int number :
         {m.pointer, kind.listed_columns ? -1 : m.column * kind.element, plan.start,
          v.shape.row() * kind.element, plan.piece, plan.columns.count, plan.columns.out})
      to.put<std::int32_t>(number);
    for (int k = 0; k < plan.levels; ++k)
      for (const int number :
           {plan.loops[k].count, plan.loops[k].rows, plan.loops[k].in, plan.loops[k].out})
        to.put<std::int32_t>(number);
    for (int y = 0; y < m.steps && kind.listed_columns; ++y)
      to.put<std::int32_t>(m.columns[y] * kind.element);
  }

  // What a run of loops begins with; the stream's header.
  struct Row {
    std::byte* const* outs;
    int count;  // of outs
    const std::byte* stream;

    int number(int k) const { return load_aligned<std::int32_t>(stream + 16 + 4 * k); }
  };

  template <int outs>
  static void columns(std::byte* const* out, int to, const std::byte* const* rows, int place,
                      Pieces pieces) {
    using T = typename Bits<std::size_t{kind.element}>::type;
    if constexpr (kind.inner == Inner::listed_words)
      transpose<T, outs, true>(out, to, {rows, place}, pieces.count);
    else
      transpose<T, outs, false>(out, to, {rows[0] + place, pieces.in}, pieces.count);
  }
  static void blocks(const Row& row, int to, const std::byte* const* rows, int place,
                     Pieces pieces) {
    int left = kind.across ? row.count : row.number(5);
    const int pitch = kind.across ? 0 : row.number(6);
    std::byte* const* outs = row.outs;
    std::byte* within[std::size_t{block}];
    for (std::byte* at = row.outs[0]; left > 0; left -= block, place += block * kind.element) {
      for (int k = 0; k < block && !kind.across; ++k, at += pitch) within[k] = at;
      std::byte* const* out = kind.across ? outs : within;
      if (left >= block)
        columns<block>(out, to, rows, place, pieces);
      else if constexpr (kind.rest > 0)
        columns<kind.rest>(out, to, rows, place, pieces);
      if (kind.across) outs += block;
    }
  }
  static void innermost(const Row& row, int to, const std::byte* const* rows, int place,
                        Pieces pieces) {
    std::byte* const out = row.outs[0] + to;
    const int length = kind.piece == 0 ? row.number(4) : kind.piece;
    if constexpr (transposes)
      blocks(row, to, rows, place, pieces);
    else if constexpr (kind.across)
      copy_across<kind.piece>(row.outs, row.count, to, rows, place, pieces, length);
    else if constexpr (kind.inner == Inner::listed)
      copy_listed<kind.piece, kind.group>(out, rows, place, pieces, length);
    else
      copy_groups<kind.piece, kind.group, kind.inner == Inner::gathered>(out, rows[0] + place,
                                                                         pieces, length);
  }
  template <int level>
  [[gnu::always_inline]] static void go(const Row& row, int to, const std::byte* const* rows,
                                        int place, Reader loops) {
    if constexpr (level == kind.levels) {
      copy_run(row.outs[0] + to, rows[0] + place, row.number(4));
    } else {
      const auto count = loops.next<std::int32_t>(), step = loops.next<std::int32_t>();
      const auto in = loops.next<std::int32_t>(), out = loops.next<std::int32_t>();
      if constexpr (level + 1 == kind.levels && kind.inner != Inner::run)
        innermost(row, to, rows, place, {count, in, out});
      else
        for (int left = count; left > 0; --left, to += out, rows += step, place += in)
          go<level + 1>(row, to, rows, place, loops);
    }
  }

  static void run(const Task& task, const Band& band) {
    const std::byte* const stream = task.stream;
    Reader reader{stream + 16};
    const auto first = reader.next<std::int32_t>();
    auto place = reader.next<std::int32_t>();
    const auto start = reader.next<std::int32_t>(), bytes = reader.next<std::int32_t>();
    const Reader loops{stream + header};
    const std::byte* columns = stream + header + kind.levels * record;
    const int top = band.step * kind.band;
    if constexpr (kind.across) {
      place = load_aligned<std::int32_t>(columns + 4 * top);
      go<0>({band.out, band.count, stream}, start, band.rows + first, place, loops);
    } else {
      for (int i = 0; i < band.count; ++i) {
        const std::byte* const* rows = band.rows + i * kind.advance;
        if constexpr (kind.fills) {
          fill_run(band.out[i], stream, bytes);
          if (rows[0] == nullptr) continue;
        }
        if constexpr (kind.listed_columns)
          place = load_aligned<std::int32_t>(columns + 4 * (top + i));
        go<0>({band.out + i, 1, stream}, start, rows + first, place, loops);
      }
    }
  }
};

// Pieces of whole sixteens in long rows are scalar's, and one long piece in a row, which have less
// to prepare there.
constexpr bool gains(const GraphView& g, const Value& v, bool banded) {
  const MapPlan plan = plan_of(g, v, banded);
  if (!plan.exists) return false;
  const bool runs = plan.inner == Inner::run, sixteens = plan.piece % 16 == 0;
  if (runs && plan.levels == 0 && plan.piece >= 64) return false;
  return !((runs || plan.inner == Inner::gathered) && sixteens &&
           v.shape.row() * size_of(v.element) > 256);
}
template <bool banded> struct IndexMaps {
  static constexpr const char* name = "shared.index_map";
  static constexpr bool serves(const GraphView& g, int value) {
    return scalar_isa::IndexMaps::serves(g, value) &&
           gains(g, g[value], banded && band_of(g, g[value]) > 1);
  }
  static constexpr int band(const GraphView& g, int value) {
    return banded && serves(g, value) ? band_of(g, g[value]) : 1;
  }
  template <const auto& graph, int value> static constexpr auto kernel() {
    return MovedMap<kind_of(graph.view(), graph.values[value], band(graph.view(), value))>{};
  }
};

}  // namespace graven::core::movement

#endif
