// PlanOf: which schedule and which placement a graph gets under a policy.
#pragma once

#include "graven/plan/problem_of.hpp"
#include "graven/plan/split.hpp"

#include <cstdint>
#include <limits>
#include <utility>

namespace graven::core {

// The plan of a graph under a policy: a found one repeated, or the better of two placements.
template <const auto& graph, class Isa, plan::Policy policy> struct PlanOf {
  static constexpr const auto& problem = problem_of<graph, Isa, policy.apart, policy.row_input>;
  static constexpr int steps = [] {
    int sum = 0;
    for (const auto& f : problem.values) sum += f.steps;
    return sum;
  }();
  static constexpr int rows = [] {
    int sum = 0;
    for (const auto& f : problem.values) sum += f.rows;
    return sum;
  }();

  // Streaming throughout, or with one value finished before anything after it starts (often the
  // input's rows are gone by then): the one that keeps the fewest bytes alive.
  template <int cut> static constexpr auto simulate_with() {
    plan::Policy p = policy;
    if (cut >= 0) p.whole = {};
    if (cut >= 0) p.whole[cut / 64 % 4] = std::uint64_t{1} << (cut < 0 ? 0 : cut) % 64;
    return plan::simulate<steps, rows>(problem, p,
                                       cut < 0 ? plan::Order::stream : plan::Order::mixed);
  }
  template <int cut> static constexpr int peak_with = plan::peak(problem, simulate_with<cut>());
  template <int cut> static constexpr int peak_if_small() {
    constexpr const plan::Facts& f = problem.values[cut];
    if constexpr (f.rows > 1 && f.read_count > 0 && f.rows * f.row_bytes < peak_with<-1>)
      return peak_with<cut>;
    else
      return std::numeric_limits<int>::max();
  }
  template <int... cuts> static constexpr int best_cut(std::integer_sequence<int, cuts...>) {
    const int peaks[] = {peak_if_small<cuts>()...};
    int best = -1, least = peak_with<-1>;
    for (int v = 0; v < static_cast<int>(sizeof...(cuts)); ++v)
      if (peaks[v] < least) {
        least = peaks[v];
        best = v;
      }
    return best;
  }
  static constexpr bool repeats = [] {
    constexpr int made_for = plan::found<policy.found>.steps;
    return policy.found != 0 && (made_for == 0 || made_for == steps);
  }();
  static constexpr auto make_schedule() {
    if constexpr (repeats) {
      plan::Policy p = policy;
      p.whole = plan::found<policy.found>.whole;
      return plan::simulate<steps, rows>(problem, p, plan::Order::mixed);
    } else if constexpr (policy.order == plan::Order::best)
      return simulate_with<best_cut(std::make_integer_sequence<int, graph.count>())>();
    else
      return plan::simulate<steps, rows>(problem, policy, policy.order);
  }
  static constexpr auto schedule = make_schedule();
  static constexpr int items = plan::count_items(problem);
  template <bool by_size>
  static constexpr auto placed = plan::place(problem, schedule,
                                             plan::items_of<items>(problem, schedule, by_size));
  static constexpr auto place_better() {
    return placed<true>.arena < placed<false>.arena ? placed<true> : placed<false>;
  }
  static constexpr auto place_found() {
    constexpr const plan::Found& found = plan::found<policy.found>;
    constexpr auto again = [] {
      const auto list = plan::items_of<items>(problem, schedule, false);
      return plan::place(problem, schedule, plan::reordered(list, found.order, found.count),
                         found.from_top);
    }();
    if constexpr (found.arena == 0 || again.arena <= found.arena)
      return again;
    else
      return place_better();
  }
  static constexpr auto make_places() {
    if constexpr (policy.apart)
      return plan::place_apart(problem, schedule);
    else if constexpr (repeats)
      return place_found();
    else
      return place_better();
  }
  // Offsets below the border lie in the fast region, if it does not hold all.
  static constexpr auto together = make_places();
  static constexpr int border = policy.fast & ~7;
  static constexpr bool is_split = border > 0 && border < together.arena;
  static constexpr auto places = [] {
    if constexpr (is_split)
      return plan::place(problem, schedule, plan::hottest_first<items>(problem, schedule), false,
                         border);
    else
      return together;
  }();
  static constexpr int fast_size = is_split ? places.fast : border > 0 ? places.arena : 0;
  static constexpr int slow_size = is_split ? places.arena - border : border > 0 ? 0 : places.arena;
};

}  // namespace graven::core
