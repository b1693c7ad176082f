// First fit for items in order of birth, in time that grows with their number: whatever is placed
// later was born later, so that of what is placed only the gaps between what is alive count.
#pragma once

#include "graven/plan/items.hpp"

namespace graven::core::plan {

// The steps of each value, ascending.
template <int Values, int Steps> struct Times {
  int first[std::size_t{Values + 1}]{};  // of value v in `times`
  int times[std::size_t{Steps}]{};

  template <int Rows> constexpr explicit Times(const Schedule<Values, Steps, Rows>& s) {
    for (short v : s.order) ++first[v + 1];
    for (int v = 0; v < Values; ++v) first[v + 1] += first[v];
    int next[std::size_t{Values}]{};
    for (int v = 0; v < Values; ++v) next[v] = first[v];
    for (int t = 0; t < Steps; ++t) times[next[s.order[t]]++] = t;
  }
  constexpr bool runs_within(int v, int t0, int t1) const {
    int low = first[v], high = first[v + 1];
    while (low < high) {
      const int middle = (low + high) / 2;
      if (times[middle] < t0)
        low = middle + 1;
      else
        high = middle;
    }
    return low < first[v + 1] && times[low] <= t1;
  }
};

// The bytes that nothing alive takes, in order of address; the last gap has no end.
template <int Most> struct Gaps {
  static constexpr int endless = 1 << 30;

  int at[std::size_t{Most + 2}]{};
  int end[std::size_t{Most + 2}]{endless};
  int count = 1;

  constexpr int upto(int address) const {  // how many gaps begin at or before an address
    int low = 0, high = count;
    while (low < high)
      if (const int middle = (low + high) / 2; at[middle] <= address)
        low = middle + 1;
      else
        high = middle;
    return low;
  }
  constexpr void take(int first, int last) {  // bytes of one gap
    const int gap = upto(first) - 1, after = end[gap];
    if (at[gap] == first && after == last) {
      --count;
      for (int i = gap; i < count; ++i) at[i] = at[i + 1], end[i] = end[i + 1];
    } else if (at[gap] == first) {
      at[gap] = last;
    } else {
      end[gap] = first;
      if (after > last) insert(gap + 1, last, after);
    }
  }
  constexpr void give(int first, int last) {
    const int gap = upto(first);  // the next one
    const bool joins_next = gap < count && at[gap] == last;
    if (gap > 0 && end[gap - 1] == first) {
      end[gap - 1] = joins_next ? end[gap] : last;
      if (!joins_next) return;
      --count;
      for (int i = gap; i < count; ++i) at[i] = at[i + 1], end[i] = end[i + 1];
    } else if (joins_next) {
      at[gap] = first;
    } else {
      insert(gap, first, last);
    }
  }

private:
  constexpr void insert(int gap, int first, int last) {
    for (int i = count++; i > gap; --i) at[i] = at[i - 1], end[i] = end[i - 1];
    at[gap] = first;
    end[gap] = last;
  }
};

template <int Items, int Values, int Steps, int Rows> struct Sweep {
  const Schedule<Values, Steps, Rows>& s;
  const List<Items>& blocks;  // by birth: rows of inputs and outputs have their places already
  Times<Values, Steps> times;
  int now = 0, arrived = 0;  // blocks
  Gaps<Items> gaps{};
  // What is alive, by the last step: [first, last) of each item, and the next of the same step.
  int ending[std::size_t{Steps + 2}]{};
  int next[std::size_t{Items + 1}]{}, first[std::size_t{Items + 1}]{},
      last[std::size_t{Items + 1}]{};
  int alive = 0;
  // Scratch exists at the steps of its value only. Values whose scratch has
  // the same bytes are a group; group_step: the next step of one of them.
  short group_of[std::size_t{Values + 1}]{};
  int group_at[std::size_t{Values + 1}]{}, group_end[std::size_t{Values + 1}]{},
      group_step[std::size_t{Values + 1}]{};
  int groups = 0;
  static constexpr int visits = 0;  // not limited (Shelf)

  constexpr void occupy(const Item& item) {
    if (item.at == item.end) return;
    gaps.take(item.at, item.end);
    first[++alive] = item.at;
    last[alive] = item.end;
    next[alive] = ending[item.t1];
    ending[item.t1] = alive;
  }
  constexpr void advance(int step) {
    for (; now < step; ++now)
      for (int i = ending[now]; i != 0; i = next[i]) gaps.give(first[i], last[i]);
    for (; arrived < blocks.count && blocks.items[arrived].t0 <= now; ++arrived)
      if (blocks.items[arrived].t1 >= now) occupy(blocks.items[arrived]);
  }
  constexpr int next_step(int group) {
    int& step = group_step[group];
    if (step < now) step = now;
    while (step < Steps && group_of[s.order[step]] != group) ++step;
    return step;
  }

  // The end of something that is in the way of `a` at `at`, but for what is alive at its birth.
  constexpr int obstacle(const Item& a, int at) {
    for (int i = arrived; i < blocks.count && blocks.items[i].t0 <= a.t1; ++i)
      if (const Item& q = blocks.items[i]; q.end > at && q.at < at + a.bytes &&
                                           (a.user < 0 || times.runs_within(a.user, q.t0, q.t1)))
        return q.end;
    for (int i = 1; i <= groups && a.user < 0; ++i)
      if (group_end[i] > at && group_at[i] < at + a.bytes && next_step(i) <= a.t1)
        return group_end[i];
    return 0;
  }
  constexpr int first_fit(const Item& a) {
    advance(a.t0);
    for (int gap = 0;; ++gap) {
      int at = align4(gaps.at[gap]);
      while (at + a.bytes <= gaps.end[gap]) {
        const int end = obstacle(a, at);
        if (end == 0) return at;
        at = align4(end);
      }
    }
  }
  constexpr void add(const Item& item) {
    if (item.user < 0) return occupy(item);
    int group = 1;
    while (group <= groups && (group_at[group] != item.at || group_end[group] != item.end)) ++group;
    if (group > groups) {
      groups = group;
      group_at[group] = item.at;
      group_end[group] = item.end;
    }
    group_of[item.user] = static_cast<short>(group);
    group_step[group] = now;
  }
};

}  // namespace graven::core::plan
