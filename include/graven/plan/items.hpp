// What is to be placed in the arena, and in which order first fit sees it (place.hpp).
#pragma once

#include "graven/plan/schedule.hpp"

namespace graven::core::plan {

// What occupies [at, end) during steps [t0, t1]; scratch of `user` only at the steps of that value.
struct Item {
  int t0 = 0, t1 = 0, bytes = 0;
  int row = -1, user = -1;
  int at = 0, end = 0;
};

// How many items a problem has at most: rows or blocks, and scratch.
template <int Values, int Reads, int Spans>
constexpr int count_items(const Problem<Values, Reads, Spans>& p) {
  int count = Values + 1;  // one more for a border
  for (const Facts& f : p.values) count += f.rows < most_places ? f.rows : most_places;
  return count;
}

template <int Items> struct List {
  Item items[std::size_t{Items}]{};
  int count = 0;
};

// Stable counting sort by birth.
template <int Steps, int Items> constexpr auto sorted_by_birth(const List<Items>& list) {
  List<Items> sorted;
  int next[std::size_t{Steps + 2}]{};
  for (int i = 0; i < list.count; ++i) ++next[list.items[i].t0 + 1];
  for (int t = 0; t <= Steps; ++t) next[t + 1] += next[t];
  for (int i = 0; i < list.count; ++i) sorted.items[next[list.items[i].t0]++] = list.items[i];
  sorted.count = list.count;
  return sorted;
}

// Stable, the largest first: few sizes exist.
template <int Items> constexpr auto sorted_by_size(const List<Items>& list) {
  List<Items> all = list;
  int n = 0;
  for (int size = 1 << 30; n < list.count;) {
    int smaller = 0;
    for (int i = 0; i < list.count; ++i)
      if (const int b = list.items[i].bytes; b < size && b > smaller) smaller = b;
    for (int i = 0; i < list.count; ++i)
      if (list.items[i].bytes == smaller) all.items[n++] = list.items[i];
    size = smaller;
  }
  return all;
}

// Everything but the blocks, by birth.
template <int Items, int Values, int Steps, int Rows, class P>
constexpr auto items_of(const P& p, const Schedule<Values, Steps, Rows>& s) {
  List<Items> list;
  for (int v = 0; v < Values; ++v) {
    const Facts& f = p.values[v];
    if (!is_block(f) && !f.is_constant && f.overwrites < 0) {
      const int first = s.first_row[v], end = first + (f.persistent ? f.fresh : f.rows);
      if (s.ring[v] > 0 && !f.persistent) {
        Item block{s.birth[first], 0, s.ring[v] * align4(f.row_bytes), first};
        for (int r = first; r < end; ++r)
          if (s.birth[r] >= 0 && s.death[r] > block.t1) block.t1 = s.death[r];
        if (block.t0 >= 0) list.items[list.count++] = block;
      } else {
        for (int r = first; r < end; ++r)
          if (s.birth[r] >= 0)
            list.items[list.count++] = {s.birth[r], s.death[r], align4(f.row_bytes), r};
      }
    }
    if (f.scratch > 0 && s.first[v] <= s.last[v])
      list.items[list.count++] = {s.first[v], s.last[v], align4(f.scratch), -1 - v,
                                  f.carries ? -1 : v};
  }
  return sorted_by_birth<Steps>(list);
}

// The list in another order; one that is made for another problem is left as it is.
template <int Items>
constexpr auto reordered(const List<Items>& list, const std::uint16_t* order, int count) {
  List<Items> other = list;
  for (int i = 0; i < count && count == list.count; ++i) other.items[i] = list.items[order[i]];
  return other;
}

}  // namespace graven::core::plan
