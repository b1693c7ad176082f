// The planner's second stage: the place of every row and of all scratch in the arena
// (schedule.hpp).
#pragma once

#include "graven/plan/sweep.hpp"

#include <limits>

namespace graven::core::plan {

template <int Values, int Rows> struct Places {
  int row[std::size_t{Rows}]{};  // byte offset of each row
  int scratch[std::size_t{Values}]{};
  int arena = 0;  // bytes
  int state = 0;  // where what persists begins: behind everything else
  int fast = 0;   // bytes used below the border
};

// First fit for items in any order. They lie in buckets of steps, so that only those which may be
// alive at the same time are compared.
template <int Items, int Values, int Steps> struct Shelf {
  static constexpr int buckets = 32, bucket_steps = Steps / buckets + 1;
  Times<Values, Steps> times;
  Item items[std::size_t{Items}]{};
  short members[buckets][std::size_t{Items}]{};
  int sizes[buckets]{};
  int count = 0;
  int visits = 0;  // items that have been compared

  // The members of a bucket stay sorted by address.
  constexpr void add(const Item& item) {
    items[count] = item;
    for (int b = item.t0 / bucket_steps; b <= item.t1 / bucket_steps; ++b) {
      short* const end = members[b] + sizes[b]++;
      short* member = end;
      for (; member != members[b] && items[member[-1]].at > item.at; --member) *member = member[-1];
      *member = static_cast<short>(count);
      visits += static_cast<int>(end - member);
    }
    ++count;
  }
  // The lowest aligned offset at which `a` meets nothing that is alive together with it. Terse,
  // because compilers bound the number of statements in a constant expression (clang: 2^20).
  constexpr int first_fit(const Item& a) {
    int at = 0;
    for (bool moved = true; moved;) {
      moved = false;
      for (int b = a.t0 / bucket_steps; b <= a.t1 / bucket_steps; ++b) {
        const short *id = members[b], *const end = id + sizes[b];
        for (; id != end && items[*id].at < at + a.bytes; ++id)
          if (const Item& q = items[*id]; q.end > at && q.t0 <= a.t1 && a.t0 <= q.t1 &&
                                          ((a.user < 0 && q.user < 0) || meet(a, q))) {
            at = align4(q.end);
            moved = true;
          }
        visits += static_cast<int>(id - members[b]);
      }
    }
    return at;
  }
  // Scratch of a value exists at its steps only.
  constexpr bool meet(const Item& a, const Item& b) const {
    if (a.user >= 0 && b.user >= 0) return a.user == b.user;
    const int t0 = a.t0 > b.t0 ? a.t0 : b.t0, t1 = a.t1 < b.t1 ? a.t1 : b.t1;
    return times.runs_within(a.user >= 0 ? a.user : b.user, t0, t1);
  }
};

constexpr int block_bytes(const Facts& f) { return align_block(f, f.rows * f.row_bytes); }

// Rows of inputs and outputs lie side by side; every row (of long values: every group of rows)
// still has its own lifetime. From the top (Found): addresses count down from the arena's end, so
// the last row comes first.
template <int Items, int Values, int Steps, int Rows>
constexpr int place_block(List<Items>& blocks, const Schedule<Values, Steps, Rows>& s,
                          const Facts& f, int first_row, int at, bool from_top) {
  const int *birth = s.birth + first_row, *death = s.death + first_row;
  const int group = (f.rows + most_places - 1) / most_places;
  const int first = blocks.count;
  for (int r = 0; r < f.rows; r += group) {
    const int rows = r + group < f.rows ? group : f.rows - r;
    Item item{birth[r], death[r], rows * f.row_bytes, first_row + r, -1, r * f.row_bytes};
    if (from_top) item.at = block_bytes(f) - item.at - item.bytes;
    for (int i = 1; i < rows; ++i) {
      if (birth[r + i] < item.t0) item.t0 = birth[r + i];
      if (death[r + i] > item.t1) item.t1 = death[r + i];
    }
    item.end = item.at + item.bytes;
    blocks.items[blocks.count++] = item;
  }
  at = align_block(f, at);
  for (bool moved = true; moved;) {
    moved = false;
    for (int i = first; i < blocks.count; ++i)
      for (int j = 0; j < first; ++j)
        if (const Item& a = blocks.items[i], &q = blocks.items[j];
            q.end > at + a.at && at + a.end > q.at && q.t1 >= a.t0 && a.t1 >= q.t0) {
          at = align_block(f, q.end - a.at);
          moved = true;
        }
  }
  for (int i = first; i < blocks.count; ++i) {
    blocks.items[i].at += at;
    blocks.items[i].end += at;
  }
  return at;
}

// What first fit has reached: inputs and outputs, then the items of a list up to `done`.
template <int Items, int Values, int Rows> struct Placing {
  Places<Values, Rows> places{};
  List<Items> blocks{};
  int border = 0, done = 0;

  constexpr void reach(int end) {
    places.arena = end > places.arena ? end : places.arena;
    places.fast = end <= border && end > places.fast ? end : places.fast;
  }
  // `fit`: Shelf or Sweep. Ends early after so many visits of a Shelf.
  template <class Fit> constexpr void place(Fit& fit, const List<Items>& list, int visits) {
    for (; done < list.count && fit.visits < visits; ++done) {
      Item item = list.items[done];
      item.at = fit.first_fit(item);
      item.end = item.at + item.bytes;
      fit.add(item);
      (item.row >= 0 ? places.row[item.row] : places.scratch[-1 - item.row]) = item.at;
      reach(item.end);
    }
  }
};

template <int Items, int Values, int Steps, int Rows, class P>
constexpr auto place_blocks(const P& p, const Schedule<Values, Steps, Rows>& s,
                            bool from_top = false, int border = 0) {
  Placing<Items, Values, Rows> placing{.border = border};
  int inputs_end = border;
  for (int pass = 0; pass < 2; ++pass)  // inputs first, then outputs
    for (int v = 0; v < Values; ++v) {
      const Facts& f = p.values[v];
      if (f.is_constant || f.persistent || !(pass == 0 ? f.is_input : f.is_output && !f.is_input))
        continue;
      const int at = place_block(placing.blocks, s, f, s.first_row[v],
                                 pass == 0 ? inputs_end : border, from_top);
      placing.places.row[s.first_row[v]] = at;
      if (pass == 0) inputs_end = at + block_bytes(f);
      placing.reach(at + (from_top ? block_bytes(f) : f.rows * f.row_bytes));
    }
  return placing;
}

// What persists lies behind everything else, so that it can have memory of its own.
template <int Values, int Steps, int Rows, class P>
constexpr void place_state(const P& p, const Schedule<Values, Steps, Rows>& s,
                           Places<Values, Rows>& places, int border) {
  const int state = ((places.arena > border ? places.arena : border) + 7) & ~7;
  int at = state;
  for (int v = 0; v < Values; ++v) {
    const Facts& f = p.values[v];
    if (!f.persistent || f.overwrites >= 0) continue;
    at = align_block(f, at);
    for (int r = f.fresh; r < f.rows; ++r) {
      places.row[s.first_row[v] + r] = at;
      at += pitch_of(f);
    }
  }
  for (int v = 0; v < Values; ++v) {  // the new content of what lasts
    const Facts& f = p.values[v];
    for (int r = 0; f.persistent && f.overwrites >= 0 && r < f.rows; ++r)
      places.row[s.first_row[v] + r] = places.row[s.first_row[f.overwrites] + r];
  }
  places.state = at > state ? state : places.arena;
  if (at > state) places.arena = at;
}

// From addresses that count down from the arena's end to offsets, and from the first row of blocks
// to all of their rows.
template <int Values, int Steps, int Rows, class P>
constexpr void finish(const P& p, const Schedule<Values, Steps, Rows>& s, bool from_top, int border,
                      Places<Values, Rows>& places) {
  for (const Facts& f : p.values)
    if (from_top) places.arena = align_block(f, places.arena);
  auto offset = [&](int at, int bytes) { return from_top ? places.arena - at - bytes : at; };
  for (int v = 0; v < Values; ++v) {
    const Facts& f = p.values[v];
    int* row = places.row + s.first_row[v];
    const int pitch = is_block(f) ? f.row_bytes : align4(f.row_bytes);
    const int slots = is_block(f) ? f.rows : f.persistent ? 0 : s.ring[v];
    if (f.overwrites >= 0 || f.is_constant) continue;
    if (slots > 0) {
      const int first = offset(row[0], is_block(f) ? block_bytes(f) : slots * pitch);
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
  place_state(p, s, places, border);
}

// Blocks, then items in the order given. Nothing lies across the border; blocks lie behind it.
template <int Items, int Values, int Steps, int Rows, class P>
constexpr auto place(const P& p, const Schedule<Values, Steps, Rows>& s, const List<Items>& list,
                     bool from_top = false, int border = 0) {
  auto placing = place_blocks<Items>(p, s, from_top, border);
  Shelf<Items, Values, Steps> shelf{Times<Values, Steps>(s)};
  if (border > 0) shelf.add({0, Steps, 0, -1, -1, border, border});
  for (int i = 0; i < placing.blocks.count; ++i) shelf.add(placing.blocks.items[i]);
  placing.place(shelf, list, (std::numeric_limits<int>::max)());
  finish(p, s, from_top, border, placing.places);
  return placing.places;
}

// The same for a list by birth, in time that grows with its length.
template <int Items, int Values, int Steps, int Rows, class P>
constexpr auto place_by_birth(const P& p, const Schedule<Values, Steps, Rows>& s,
                              const List<Items>& list) {
  auto placing = place_blocks<Items>(p, s);
  const auto blocks = sorted_by_birth<Steps>(placing.blocks);
  Sweep<Items, Values, Steps, Rows> sweep{s, blocks, Times<Values, Steps>(s)};
  placing.place(sweep, list, (std::numeric_limits<int>::max)());
  finish(p, s, false, 0, placing.places);
  return placing.places;
}

// The same for a list by size, in parts.
template <int Items, int Values, int Steps, int Rows> struct BySize {
  Placing<Items, Values, Rows> placing;
  Shelf<Items, Values, Steps> shelf;
  List<Items> list;

  template <class P>
  constexpr BySize(const P& p, const Schedule<Values, Steps, Rows>& s, const List<Items>& by_birth)
      : placing(place_blocks<Items>(p, s)), shelf{Times<Values, Steps>(s)},
        list(sorted_by_size(by_birth)) {
    for (int i = 0; i < placing.blocks.count; ++i) shelf.add(placing.blocks.items[i]);
  }
  constexpr void place(int visits) { placing.place(shelf, list, visits); }
  constexpr bool is_complete() const { return placing.done == list.count; }
  template <class P>
  constexpr auto finished(const P& p, const Schedule<Values, Steps, Rows>& s) const {
    auto places = placing.places;
    finish(p, s, false, 0, places);
    return places;
  }
};

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
  return places;
}

}  // namespace graven::core::plan
