// Index maps by words: a row is filled, where anything is not read, then pieces as long as they
// are known to be go to their places; elements that all go to rows of their own are transposed in
// blocks, across the rows of a band or within a row.
#pragma once

#if defined(__thumb2__)

#include "graven/isa/scalar/index_map.hpp"
#include "graven/isa/shared/movement/word_plan.hpp"

namespace graven::core::movement {

struct WordMapKind {
  MapKind map;
  WordInner inner;
  int piece, rest;  // bytes, 0 where it is long; columns behind the last whole block
  Group group;
};
constexpr WordMapKind word_map_kind(const GraphView& g, const Value& v, int band) {
  const WordPlan plan = word_plan(g, v, band > 1);
  const int around = plan.levels - (plan.inner != WordInner::run ? 1 : 0);
  const int columns = plan.across ? v.shape.height : plan.columns.count;
  return {map_kind(g, v, plan, around, band, plan.across), plan.inner,
          plan.piece <= WordPlan::longest ? plan.piece : 0,
          plan.transposes() ? columns % (4 / size_of(v.element)) : 0, plan.group};
}

// Its own in the stream: int32 bytes of a piece, columns of a transposition and bytes between them.
template <WordMapKind kind> struct WordMapped : MapRows<WordMapped<kind>, kind.map, 12> {
  using Base = MapRows<WordMapped, kind.map, 12>;
  static constexpr bool transposes = kind.inner >= WordInner::words, across = kind.map.across;
  static constexpr int element = kind.map.element, block = transposes ? 4 / element : 1;

  static constexpr WordPlan plan(const GraphView& g, const Value& v) {
    return word_plan(g, v, kind.map.band > 1);
  }
  static constexpr void pack_own(const WordPlan& plan, Writer& to) {
    for (const int number : {plan.piece, plan.columns.count, plan.columns.out})
      to.put<std::int32_t>(number);
  }

  // What a run of loops begins with.
  struct Row {
    std::byte* const* outs;
    int count;  // of outs
    const std::byte* stream;

    int length() const { return number(0); }
    int columns() const { return number(1); }
    int pitch() const { return number(2); }
    int number(int k) const { return load_aligned<std::int32_t>(stream + Base::own_at + 4 * k); }
  };

  template <int outs>
  static void columns(std::byte* const* out, int to, const std::byte* const* rows, int place,
                      Pieces pieces) {
    using T = typename Bits<std::size_t{element}>::type;
    if constexpr (kind.inner == WordInner::listed_words)
      transpose<T, outs, true>(out, to, rows, place, pieces.count);
    else
      transpose<T, outs, false>(out, to, rows[0] + place, pieces.in, pieces.count);
  }
  static void blocks(const Row& row, int to, const std::byte* const* rows, int place,
                     Pieces pieces) {
    int left = across ? row.count : row.columns();
    const int pitch = across ? 0 : row.pitch();
    std::byte* const* outs = row.outs;
    std::byte* within[std::size_t{block}];
    for (std::byte* at = row.outs[0]; left > 0; left -= block, place += block * element) {
      for (int k = 0; k < block && !across; ++k, at += pitch) within[k] = at;
      std::byte* const* out = across ? outs : within;
      if (left >= block)
        columns<block>(out, to, rows, place, pieces);
      else if constexpr (kind.rest > 0)
        columns<kind.rest>(out, to, rows, place, pieces);
      if (across) outs += block;
    }
  }
  static void innermost(const Row& row, int to, const std::byte* const* rows, int place,
                        Pieces pieces) {
    std::byte* const out = row.outs[0] + to;
    const int length = kind.piece == 0 ? row.length() : kind.piece;
    if constexpr (transposes)
      blocks(row, to, rows, place, pieces);
    else if constexpr (across)
      copy_across<kind.piece>(row.outs, row.count, to, rows, place, pieces, length);
    else if constexpr (kind.inner == WordInner::listed)
      copy_listed<kind.piece, kind.group>(out, rows, place, pieces, length);
    else
      copy_groups<kind.piece, kind.group, kind.inner == WordInner::gathered>(out, rows[0] + place,
                                                                             pieces, length);
  }
  [[gnu::always_inline]] static void fill(std::byte* to, const std::byte* sixteen, int bytes) {
    fill_run(to, sixteen, bytes);
  }
  [[gnu::always_inline]] static void move(const std::byte* stream, const Band& band,
                                          const MapRow& at) {
    const Row row{band.out + at.number, across ? band.count : 1, stream};
    Base::each_place(
        at.start, at.rows, at.place, Reader{stream + Base::loops_at},
        [&](int to, const std::byte* const* rows, int place, Reader loops)
            __attribute__((always_inline)) {
              if constexpr (kind.inner == WordInner::run) {
                copy_run(row.outs[0] + to, rows[0] + place, row.length());
              } else {
                const Around last = Base::next_loop(loops);
                innermost(row, to, rows, place, {last.count, last.in, last.out});
              }
            });
  }
};

// Pieces of whole sixteens in long rows are scalar's, and one long piece in a row, which have less
// to prepare there.
constexpr bool gains(const GraphView& g, const Value& v, bool banded) {
  const WordPlan plan = word_plan(g, v, banded);
  if (!plan.exists) return false;
  const bool runs = plan.inner == WordInner::run, sixteens = plan.piece % 16 == 0;
  if (runs && plan.levels == 0 && plan.piece >= 64) return false;
  return !((runs || plan.inner == WordInner::gathered) && sixteens &&
           v.shape.row() * size_of(v.element) > 256);
}
template <bool banded> struct IndexMaps {
  static constexpr const char* name = "shared.index_map";
  static constexpr bool serves(const GraphView& g, int value) {
    return scalar_isa::IndexMaps::serves(g, value) &&
           gains(g, g[value], banded && word_band(g, g[value]) > 1);
  }
  static constexpr int band(const GraphView& g, int value) {
    return banded && serves(g, value) ? word_band(g, g[value]) : 1;
  }
  template <const auto& graph, int value> static constexpr auto kernel() {
    return WordMapped<word_map_kind(graph.view(), graph.values[value],
                                    band(graph.view(), value))>{};
  }
};

}  // namespace graven::core::movement

#endif
