// How an index map moves by words: which loops are around, and what the innermost one does.
#pragma once

#if defined(__thumb2__)

#include "graven/isa/shared/map_rows.hpp"
#include "graven/isa/shared/movement/pieces.hpp"

namespace graven::core::movement {

// The innermost loop: none, groups of pieces of a row, pieces side by side, a group of each row of
// a list; or a transposition of words of a row, or of a list of rows.
enum class WordInner : std::uint8_t { run, groups, gathered, listed, words, listed_words };

struct WordPlan : MapPlan {
  static constexpr int longest = 32;  // bytes of a group that is copied without a loop

  bool exists = false, across = false;  // across: columns are rows of a band
  WordInner inner = WordInner::run;
  int piece = 0;
  Group group{};
  Walk columns{};  // of a transposition

  constexpr bool transposes() const { return inner >= WordInner::words; }
};

// Elements from a row's column to the next row's, if all steps read the same rows; or 0.
constexpr int step_by_column(const GraphView& g, const Value& v) {
  const Moves& m = *v.moves;
  const Rows& rows = g.input(v).rows;
  if (m.columns == nullptr || m.fills || rows.per != 1 || rows.step != 0 || m.steps < 2) return 0;
  const int step = m.columns[1] - m.columns[0];
  for (int y = 0; y < m.steps; ++y)
    if (m.columns[y] != m.columns[0] + y * step) return 0;
  return step;
}

struct WordPlanner {
  MapLoops all;
  int element;
  WordPlan made{};

  // Runs of neighbours become a piece.
  constexpr void find_piece() {
    made.piece = element;
    for (int k = all.inner.levels - 1; k >= 0; --k) {
      const Walk& walk = all.inner.walks[k];
      if (walk.in != made.piece || walk.out != made.piece) continue;
      made.piece *= walk.count;
      all.inner.drop(k);
      k = all.inner.levels;
    }
  }
  // The loop that makes neighbours of the output from words apart, if there is one.
  constexpr bool takes_words() {
    for (int k = 0; k < all.inner.levels; ++k) {
      const Walk walk = all.inner.walks[k];
      if (walk.out != element || walk.in <= element || walk.count < 8) continue;
      all.inner.drop(k);
      made.inner = WordInner::words;
      last = {walk.count, 0, walk.in, walk.out};
      return true;
    }
    for (int k = 0; k < all.levels; ++k) {
      const Around loop = all.around[k];
      if (loop.out != element || loop.rows != 1 || loop.in != 0) continue;
      take_around(k);
      made.inner = WordInner::listed_words;
      return true;
    }
    return false;
  }
  constexpr bool find_transposition(int by_column) {
    if (element > 2 || made.piece != element) return false;
    if (by_column == 1) return made.across = takes_words();
    for (int k = 0; k < all.inner.levels; ++k) {
      const Walk walk = all.inner.walks[k];
      if (walk.in != element) continue;
      all.inner.drop(k);
      if (takes_words()) {
        made.columns = walk;
        return true;
      }
      all.inner.add(walk);
      return false;
    }
    return false;
  }
  constexpr void take_around(int k) {
    last = all.around[k];
    for (--all.levels; k < all.levels; ++k) all.around[k] = all.around[k + 1];
  }
  // Is what is left of the loops within a row one piece, however long, or little enough to go all
  // at once?
  constexpr bool is_group() const {
    const int count = all.inner.size(), words = made.piece / 4 + (made.piece % 4 != 0 ? 1 : 0);
    return count == 1 || (count * words <= Group::most && count * made.piece <= WordPlan::longest);
  }
  constexpr void take_group() {
    const int count = all.inner.size();
    made.group.count = count;
    for (int i = 0; i < count; ++i) {
      made.group.in[i] = all.inner.place(i, true);
      made.group.out[i] = all.inner.place(i, false);
    }
    all.inner.levels = 0;
  }
  constexpr void find_pieces(int by_column) {
    int longest = 0;
    for (int k = 1; k < all.inner.levels; ++k)
      if (all.inner.walks[k].count >= all.inner.walks[longest].count) longest = k;
    const int listed = all.levels - 1;
    const bool has_list = listed >= 0 && all.around[listed].rows == 1 && all.around[listed].in == 0;
    const Walk walk = all.inner.levels > 0 ? all.inner.walks[longest] : Walk{};
    if (has_list && all.around[listed].count >= walk.count && is_group()) {
      take_group();
      made.across = made.group.count == 1 && by_column * element == made.piece;
      take_around(listed);
      made.inner = WordInner::listed;
    } else if (all.inner.levels > 0) {
      all.inner.drop(longest);
      if (is_group()) take_group();  // else piece by piece, with loops around
      made.inner =
          made.group.count == 1 && walk.out == made.piece ? WordInner::gathered : WordInner::groups;
      last = {walk.count, 0, walk.in, walk.out};
    }
  }
  constexpr WordPlan run(int by_column) {
    if (!all.exists) return {};
    made.exists = true;
    made.start = all.start;
    find_piece();
    if (!find_transposition(by_column)) find_pieces(by_column);
    for (int k = 0; k < all.levels; ++k) made.add(all.around[k]);
    for (int k = 0; k < all.inner.levels; ++k) made.add(all.inner.walks[k]);
    if (made.inner != WordInner::run) made.add(last);
    return made;
  }

  Around last{};
};
constexpr WordPlan word_plan(const GraphView& g, const Value& v, bool banded) {
  const int element = size_of(v.element);
  return WordPlanner{MapLoops(*v.moves, v.shape.row(), element), element}.run(
      banded ? step_by_column(g, v) : 0);
}
constexpr int word_band(const GraphView& g, const Value& v) {
  const WordPlan plan = word_plan(g, v, true);
  return rows_together(g.input(v).rows, v.shape, v.shape.row() * size_of(v.element), plan.across);
}

}  // namespace graven::core::movement

#endif
