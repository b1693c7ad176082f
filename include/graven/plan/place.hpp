// The planner's second stage: the place of every row and of all scratch in the arena (plan.hpp).
#pragma once

#include "graven/plan/items.hpp"

namespace graven::core::plan {

template <int Values, int Rows> struct Places {
  int row[Rows]{};  // byte offset of each row
  int scratch[Values]{};
  int arena = 0;  // bytes
  int state = 0;  // where what persists begins: behind everything else
  int fast = 0;   // bytes used below the border
  int bound = 0;  // most bytes alive at one step: no placement of this schedule is smaller
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

template <int Items, int Values, int Steps, int Rows> struct Placer {
  static constexpr int buckets = 32;
  const Schedule<Values, Steps, Rows>& s;
  Shelf<Items, buckets> shelf{Steps / buckets + 1};
  int first_time[Values + 1]{};  // of value v in `times`
  int times[Steps]{};            // the steps of each value, ascending

  constexpr explicit Placer(const Schedule<Values, Steps, Rows>& schedule) : s(schedule) {
    for (short v : s.order) ++first_time[v + 1];
    for (int v = 0; v < Values; ++v) first_time[v + 1] += first_time[v];
    int next[Values]{};
    for (int v = 0; v < Values; ++v) next[v] = first_time[v];
    for (int t = 0; t < Steps; ++t) times[next[s.order[t]]++] = t;
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

constexpr int block_bytes(const Facts& f) { return align_block(f, f.rows * f.row_bytes); }

// Rows of inputs and outputs lie side by side; every row (of long values: every group of rows)
// still has its own lifetime. Only blocks are on the shelf yet. From the top (Found): addresses
// count down from the arena's end, so the last row comes first.
template <int Items, int Values, int Steps, int Rows>
constexpr int place_block(Placer<Items, Values, Steps, Rows>& placer, const Facts& f, int first_row,
                          int at, bool from_top) {
  auto& shelf = placer.shelf;
  const int* birth = placer.s.birth + first_row;
  const int* death = placer.s.death + first_row;
  const int group = (f.rows + most_places - 1) / most_places;
  const int first = shelf.count;
  for (int r = 0; r < f.rows; r += group) {
    const int rows = r + group < f.rows ? group : f.rows - r;
    Item item{birth[r], death[r], rows * f.row_bytes, first_row + r, -1, r * f.row_bytes};
    if (from_top) item.at = block_bytes(f) - item.at - item.bytes;
    for (int i = 1; i < rows; ++i) {
      if (birth[r + i] < item.t0) item.t0 = birth[r + i];
      if (death[r + i] > item.t1) item.t1 = death[r + i];
    }
    item.end = item.at + item.bytes;
    shelf.items[shelf.count++] = item;
  }
  const int last = shelf.count;
  at = align_block(f, at);
  for (bool moved = true; moved;) {
    moved = false;
    for (int i = first; i < last; ++i)
      for (int j = 0; j < first; ++j)
        if (const Item& a = shelf.items[i], &q = shelf.items[j];
            q.end > at + a.at && at + a.end > q.at && q.t1 >= a.t0 && a.t1 >= q.t0) {
          at = align_block(f, q.end - a.at);
          moved = true;
        }
  }
  shelf.count = first;
  for (int i = first; i < last; ++i) {
    Item item = shelf.items[i];
    item.at += at;
    item.end += at;
    shelf.add(item);
  }
  return at;
}

// What persists lies behind everything else, so that it can have memory of its own.
template <int Values, int Steps, int Rows, class P>
constexpr void place_state(const P& p, const Schedule<Values, Steps, Rows>& s,
                           Places<Values, Rows>& places, int border) {
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

// From addresses that count down from the arena's end to offsets, and from the first row of blocks
// to all of their rows.
template <int Values, int Steps, int Rows, class P>
constexpr void finish(const P& p, const Schedule<Values, Steps, Rows>& s, bool from_top,
                      Places<Values, Rows>& places) {
  for (const Facts& f : p.values)
    if (from_top) places.arena = align_block(f, places.arena);
  auto offset = [&](int at, int bytes) { return from_top ? places.arena - at - bytes : at; };
  for (int v = 0; v < Values; ++v) {
    const Facts& f = p.values[v];
    int* row = places.row + s.first_row[v];
    const bool is_block = f.is_input || (f.is_output && !f.persistent);
    const int pitch = is_block ? f.row_bytes : align4(f.row_bytes);
    const int slots = is_block ? f.rows : f.persistent ? 0 : s.ring[v];
    if (f.overwrites >= 0 || f.is_constant) continue;
    if (slots > 0) {
      const int first = offset(row[0], is_block ? block_bytes(f) : slots * pitch);
      for (int r = 0; r < f.rows; ++r) row[r] = first + r % slots * pitch;
    } else {
      for (int r = 0; r < f.rows; ++r) row[r] = offset(row[r], pitch);
    }
    if (f.scratch > 0) places.scratch[v] = offset(places.scratch[v], align4(f.scratch));
  }
  for (int v = 0; v < Values; ++v) {
    const Facts& f = p.values[v];
    if (f.overwrites < 0) continue;
    for (int r = 0; r < f.rows; ++r)
      places.row[s.first_row[v] + r] = places.row[s.first_row[f.overwrites] + r];
    places.scratch[v] = offset(places.scratch[v], align4(f.scratch));
  }
}

// Blocks, then items in the order given. Nothing lies across the border; blocks lie behind it.
template <int Items, int Values, int Steps, int Rows, class P>
constexpr auto place(const P& p, const Schedule<Values, Steps, Rows>& s, const List<Items>& list,
                     bool from_top = false, int border = 0) {
  Places<Values, Rows> places{};
  Placer<Items, Values, Steps, Rows> placer(s);
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
      const int at =
          place_block(placer, f, s.first_row[v], pass == 0 ? inputs_end : border, from_top);
      places.row[s.first_row[v]] = at;
      if (pass == 0) inputs_end = at + block_bytes(f);
      reach(at + (from_top ? block_bytes(f) : f.rows * f.row_bytes));
    }
  for (int i = 0; i < list.count; ++i) {
    Item item = list.items[i];
    item.at = placer.first_fit(item);
    item.end = item.at + item.bytes;
    placer.shelf.add(item);
    (item.row >= 0 ? places.row[item.row] : places.scratch[-1 - item.row]) = item.at;
    reach(item.end);
  }
  finish(p, s, from_top, places);
  place_state(p, s, places, border);
  places.bound = peak(p, s);
  return places;
}

// The same where nothing may share memory: value after value, each with its scratch behind it.
template <int Values, int Steps, int Rows, class P>
constexpr auto place_apart(const P& p, const Schedule<Values, Steps, Rows>& s) {
  Places<Values, Rows> places{};
  for (int v = 0; v < Values; ++v) {
    const Facts& f = p.values[v];
    if (f.is_constant) continue;
    places.arena = align_block(f, places.arena);
    const int rows = f.persistent ? f.fresh : f.rows;  // the others: place_state
    for (int r = 0; r < rows; ++r) places.row[s.first_row[v] + r] = places.arena + r * f.row_bytes;
    places.scratch[v] = places.arena + align4(rows * f.row_bytes);
    places.arena = places.scratch[v] + align4(f.scratch);
  }
  place_state(p, s, places, 0);
  places.bound = places.arena;
  return places;
}

}  // namespace graven::core::plan
