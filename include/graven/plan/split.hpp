// Placing in two memories: what is touched most goes to the first, faster one.
#pragma once

#include "graven/plan/place.hpp"

namespace graven::core::plan {

// How many steps write or read each row.
template <int Values, int Steps, int Rows, class P>
constexpr auto touches_of(const P& p, const Schedule<Values, Steps, Rows>& s) {
  struct Touches {
    int row[std::size_t{Rows}]{};
  } touches;
  auto touch = [&](int v, int r) {  // a ring is one item: its first row's
    while (p.values[v].overwrites >= 0) v = p.values[v].overwrites;
    ++touches.row[s.first_row[v] + (s.ring[v] > 0 ? 0 : r)];
  };
  for (int v = 0; v < Values; ++v) {
    const Facts& f = p.values[v];
    for (int r = 0; r < f.rows; ++r) touch(v, r);
    for (int i = 0; i < f.steps * f.read_count; ++i) {
      const Span span = p.spans[f.first_span + i];
      for (int r = span.first; r <= span.last; ++r)
        touch(p.reads[f.first_read + i % f.read_count], r);
    }
  }
  return touches;
}

// Scratch first, then the rows that most steps touch, of these the smallest first.
template <int Items, int Values, int Steps, int Rows, class P>
constexpr auto hottest_first(const P& p, const Schedule<Values, Steps, Rows>& s,
                             const List<Items>& items) {
  const auto touches = touches_of(p, s);
  long long heat[std::size_t{Items}]{};
  for (int i = 0; i < items.count; ++i) {
    const Item& item = items.items[i];
    heat[i] = (item.row < 0 ? 1LL << 60 : static_cast<long long>(touches.row[item.row]) << 32) -
              item.bytes;
  }
  auto sorted = items;
  int n = 0;
  for (long long limit = 1LL << 61; n < items.count;) {
    long long hottest = -(1LL << 61);
    for (int i = 0; i < items.count; ++i)
      if (heat[i] < limit && heat[i] > hottest) hottest = heat[i];
    for (int i = 0; i < items.count; ++i)
      if (heat[i] == hottest) sorted.items[n++] = items.items[i];
    limit = hottest;
  }
  return sorted;
}

}  // namespace graven::core::plan
