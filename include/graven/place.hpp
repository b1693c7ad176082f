// The planner's second stage: the place of every row and of all scratch in the arena (plan.hpp).
#pragma once

#include "graven/plan.hpp"

namespace graven::plan {

template <int Values, int Rows> struct Places {
  int row[Rows]{};  // byte offset of each row
  int scratch[Values]{};
  int arena = 0;  // bytes
  int state = 0;  // from here on lie the rows that persist
  int fast = 0;   // bytes used below the border, where there is one (split.hpp)
  int bound = 0;  // most bytes alive at one step: no order-keeping plan is smaller
};

// What occupies [at, end) during steps [t0, t1]; scratch of `user` only at the steps of that value.
struct Item {
  int t0 = 0, t1 = 0, bytes = 0;
  int row = -1, user = -1;
  int at = 0, end = 0;
};

// Items in buckets of steps, so that only those which may be alive at the same time are compared.
template <int Items, int Buckets> struct Shelf {
  int bucket_steps;
  Item items[Items]{};
  short members[Buckets][Items]{};
  int sizes[Buckets]{};
  int count = 0;

  // The members of a bucket stay sorted by address.
  constexpr void add(const Item& item) {
    items[count] = item;
    for (int b = item.t0 / bucket_steps; b <= item.t1 / bucket_steps; ++b) {
      short* member = members[b] + sizes[b]++;
      for (; member != members[b] && items[member[-1]].at > item.at; --member) *member = member[-1];
      *member = static_cast<short>(count);
    }
    ++count;
  }
};

template <int Values, int Steps, int Rows> struct Placer {
  static constexpr int buckets = 32, items = Rows + Values + 1;
  const Schedule<Values, Steps, Rows>& s;
  Shelf<items, buckets> shelf{Steps / buckets + 1};
  int first_time[Values + 1]{};  // of value v in `times`
  short times[Steps]{};          // the steps of each value, ascending

  constexpr explicit Placer(const Schedule<Values, Steps, Rows>& schedule) : s(schedule) {
    for (short v : s.order) ++first_time[v + 1];
    for (int v = 0; v < Values; ++v) first_time[v + 1] += first_time[v];
    int next[Values]{};
    for (int v = 0; v < Values; ++v) next[v] = first_time[v];
    for (int t = 0; t < Steps; ++t) times[next[s.order[t]]++] = static_cast<short>(t);
  }

  constexpr bool runs_within(int v, int t0, int t1) const {
    int low = first_time[v], high = first_time[v + 1];
    while (low < high) {
      const int middle = (low + high) / 2;
      if (times[middle] < t0)
        low = middle + 1;
      else
        high = middle;
    }
    return low < first_time[v + 1] && times[low] <= t1;
  }

  // The lowest aligned offset at which `a` meets nothing that is alive together with it. Terse,
  // because compilers bound the number of statements in a constant expression (clang: 2^20).
  constexpr int first_fit(const Item& a) const {
    const int width = shelf.bucket_steps;
    int at = 0;
    for (bool moved = true; moved;) {
      moved = false;
      for (int b = a.t0 / width; b <= a.t1 / width; ++b)
        for (const short *id = shelf.members[b], *end = id + shelf.sizes[b];
             id != end && shelf.items[*id].at < at + a.bytes; ++id)
          if (const Item& q = shelf.items[*id]; q.end > at && q.t0 <= a.t1 && a.t0 <= q.t1 &&
                                                ((a.user < 0 && q.user < 0) || meet(a, q))) {
            at = align4(q.end);
            moved = true;
          }
    }
    return at;
  }
  // Scratch of a value exists at its steps only.
  constexpr bool meet(const Item& a, const Item& b) const {
    if (a.user >= 0 && b.user >= 0) return a.user == b.user;
    const int t0 = a.t0 > b.t0 ? a.t0 : b.t0, t1 = a.t1 < b.t1 ? a.t1 : b.t1;
    return runs_within(a.user >= 0 ? a.user : b.user, t0, t1);
  }
};

// Rows of inputs and outputs lie side by side; every row still has its own lifetime. Only blocks
// are on the shelf yet.
template <int Values, int Steps, int Rows>
constexpr int place_block(Placer<Values, Steps, Rows>& placer, const Facts& f, int first_row,
                          int at) {
  const auto& s = placer.s;
  auto& shelf = placer.shelf;
  const int rows = f.rows, bytes = f.row_bytes;
  at = align_block(f, at);
  for (bool moved = true; moved;) {
    moved = false;
    for (int r = 0; r < rows; ++r)
      for (int i = 0; i < shelf.count; ++i)
        if (const Item& q = shelf.items[i]; q.end > at + r * bytes && at + (r + 1) * bytes > q.at &&
                                            q.t1 >= s.birth[first_row + r] &&
                                            s.death[first_row + r] >= q.t0) {
          at = align_block(f, q.end - r * bytes);
          moved = true;
        }
  }
  for (int r = 0; r < rows; ++r)
    shelf.add({s.birth[first_row + r], s.death[first_row + r], bytes, first_row + r, -1,
               at + r * bytes, at + (r + 1) * bytes});
  return at;
}

// Everything but the blocks, in the order in which first fit shall see it.
template <int Values, int Steps, int Rows, class P>
constexpr auto items_of(const P& p, const Schedule<Values, Steps, Rows>& s, bool by_size) {
  struct List {
    Item items[Rows + Values]{};
    int count = 0;
  } list;
  for (int v = 0; v < Values; ++v) {
    const Facts& f = p.values[v];
    const int made = f.persistent ? f.fresh : f.rows;
    if (!f.is_input && !f.is_constant && (f.persistent || !f.is_output) && f.overwrites < 0)
      for (int r = s.first_row[v]; r < s.first_row[v] + made; ++r)
        if (s.birth[r] >= 0)
          list.items[list.count++] = {s.birth[r], s.death[r], align4(f.row_bytes), r};
    if (f.scratch > 0 && s.first[v] <= s.last[v])
      list.items[list.count++] = {s.first[v], s.last[v], align4(f.scratch), -1 - v,
                                  f.reduces ? -1 : v};
  }
  // Stable counting sort by birth, then, if asked, by size: few sizes exist.
  List by_birth;
  int next[Steps + 2]{};
  for (int i = 0; i < list.count; ++i) ++next[list.items[i].t0 + 1];
  for (int t = 0; t <= Steps; ++t) next[t + 1] += next[t];
  for (int i = 0; i < list.count; ++i) by_birth.items[next[list.items[i].t0]++] = list.items[i];
  by_birth.count = list.count;
  if (!by_size) return by_birth;
  int n = 0;
  for (int size = 1 << 30; n < list.count;) {
    int smaller = 0;
    for (int i = 0; i < list.count; ++i)
      if (const int b = by_birth.items[i].bytes; b < size && b > smaller) smaller = b;
    for (int i = 0; i < list.count; ++i)
      if (by_birth.items[i].bytes == smaller) list.items[n++] = by_birth.items[i];
    size = smaller;
  }
  return list;
}

// What persists lies behind everything else, so that it can have memory of its own.
template <int Values, int Steps, int Rows, class P>
constexpr void place_state(const P& p, const Schedule<Values, Steps, Rows>& s,
                           Places<Values, Rows>& places, int border = 0) {
  const int state = ((places.arena > border ? places.arena : border) + 7) & ~7;
  int at = state;
  for (int v = 0; v < Values; ++v) {
    const Facts& f = p.values[v];
    if (!f.persistent) continue;
    at = align_block(f, at);
    for (int r = f.fresh; r < f.rows; ++r) {
      places.row[s.first_row[v] + r] = at;
      at += f.is_output ? f.row_bytes : align4(f.row_bytes);
    }
  }
  places.state = at > state ? state : places.arena;
  if (at > state) places.arena = at;
}

// Blocks, then items in the order given. Nothing lies across the border; blocks lie behind it.
template <int Values, int Steps, int Rows, class P, class Items>
constexpr auto place_items(const P& p, const Schedule<Values, Steps, Rows>& s, const Items& items,
                           int border) {
  Places<Values, Rows> places{};
  Placer<Values, Steps, Rows> placer(s);
  auto reach = [&](int end) {
    places.arena = end > places.arena ? end : places.arena;
    places.fast = end <= border && end > places.fast ? end : places.fast;
  };
  if (border > 0) placer.shelf.add({0, Steps, 0, -1, -1, border, border});
  int inputs_end = border;
  for (int pass = 0; pass < 2; ++pass)  // inputs first, then outputs
    for (int v = 0; v < Values; ++v) {
      const Facts& f = p.values[v];
      if (f.is_constant || f.persistent || !(pass == 0 ? f.is_input : f.is_output && !f.is_input))
        continue;
      const int at = place_block(placer, f, s.first_row[v], pass == 0 ? inputs_end : border);
      for (int r = 0; r < f.rows; ++r) places.row[s.first_row[v] + r] = at + r * f.row_bytes;
      if (pass == 0) inputs_end = align4(at + f.rows * f.row_bytes);
      reach(at + f.rows * f.row_bytes);
    }
  places.bound = peak(p, s);
  for (int i = 0; i < items.count; ++i) {
    Item item = items.items[i];
    item.at = placer.first_fit(item);
    item.end = item.at + item.bytes;
    placer.shelf.add(item);
    (item.row >= 0 ? places.row[item.row] : places.scratch[-1 - item.row]) = item.at;
    reach(item.end);
  }
  for (int v = 0; v < Values; ++v)
    for (int r = 0; p.values[v].overwrites >= 0 && r < p.values[v].rows; ++r)
      places.row[s.first_row[v] + r] = places.row[s.first_row[p.values[v].overwrites] + r];
  place_state(p, s, places, border);
  return places;
}

template <int Values, int Steps, int Rows, class P>
constexpr auto place(const P& p, const Schedule<Values, Steps, Rows>& s, bool by_size) {
  return place_items(p, s, items_of(p, s, by_size), 0);
}

// The same where nothing may share memory: value after value, each with its scratch behind it.
template <int Values, int Steps, int Rows, class P>
constexpr auto place_apart(const P& p, const Schedule<Values, Steps, Rows>& s) {
  Places<Values, Rows> places{};
  for (int v = 0; v < Values; ++v) {
    const Facts& f = p.values[v];
    if (f.is_constant) continue;
    const int rows = f.persistent ? f.fresh : f.rows;
    places.arena = align_block(f, places.arena);
    for (int r = 0; r < rows; ++r) places.row[s.first_row[v] + r] = places.arena + r * f.row_bytes;
    places.scratch[v] = places.arena + align4(rows * f.row_bytes);
    places.arena = places.scratch[v] + align4(f.scratch);
  }
  place_state(p, s, places);
  places.bound = places.arena;
  return places;
}

}  // namespace graven::plan
