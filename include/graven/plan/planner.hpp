// PlanOf: which schedule and which placement a graph gets under a policy.
#pragma once

#include "graven/plan/cuts.hpp"
#include "graven/plan/problem_of.hpp"
#include "graven/plan/split.hpp"

#include <cstdint>

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

  // Cuts are simulated in order of an estimate: all of them while that makes so many steps, then
  // those whose estimate beats the best so far, up to so many steps. (An estimate is nearly exact.)
  static constexpr int steps_for_all = 1 << 11, most_simulated_steps = 1 << 13;

  // Streaming throughout, or with one value finished before anything after it starts (often the
  // input's rows are gone by then): the one that keeps the fewest bytes alive.
  template <int cut> static constexpr auto simulate_with() {
    plan::Policy p = policy;
    if (cut >= 0) p.whole = {};
    if (cut >= 0) p.whole[cut / 64 % 4] = std::uint64_t{1} << (cut < 0 ? 0 : cut) % 64;
    return plan::simulate<steps, rows>(problem, p,
                                       cut < 0 ? plan::Order::stream : plan::Order::mixed);
  }
  static constexpr auto streaming = simulate_with<-1>();
  static constexpr int streaming_peak = plan::peak(problem, streaming);
  static constexpr auto cuts = plan::cuts_below(problem, streaming, streaming_peak);
  template <int cut> static constexpr int peak_with = plan::peak(problem, simulate_with<cut>());

  static constexpr int most_cuts = [] {
    const int affordable = most_simulated_steps / (steps + 1) + 1;
    return cuts.count < affordable ? cuts.count : affordable;
  }();
  struct Best {
    int cut = -1, peak = streaming_peak;
  };
  // The best of the first `tried` cuts; of equal ones the first value.
  template <int tried> static constexpr Best best_of() {
    if constexpr (tried == 0) {
      return {};
    } else {
      constexpr Best before = best_of<tried - 1>();
      constexpr int cut = cuts.value[tried - 1], least = cuts.least[tried - 1];
      constexpr bool is_likely =
          (tried - 1) * steps < steps_for_all || cuts.estimate[tried - 1] < before.peak;
      if constexpr (!is_likely || least > before.peak ||
                    (least == before.peak && cut > before.cut)) {
        return before;
      } else {
        constexpr int own = peak_with<cut>;
        return own < before.peak || (own == before.peak && cut < before.cut) ? Best{cut, own}
                                                                             : before;
      }
    }
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
    } else if constexpr (policy.order == plan::Order::best) {
      constexpr int cut = best_of<most_cuts>().cut;
      if constexpr (cut < 0)
        return streaming;
      else
        return simulate_with<cut>();
    } else {
      return plan::simulate<steps, rows>(problem, policy, policy.order);
    }
  }
  static constexpr auto schedule = make_schedule();
  static constexpr int peak = plan::peak(problem, schedule);

  // By birth, and by size, which takes longer: in parts, because compilers limit each constant, and
  // no more than `parts` of them. Beyond the bound nothing better exists.
  static constexpr int items = plan::count_items(problem);
  static constexpr auto by_birth = plan::items_of<items>(problem, schedule);
  static constexpr auto placed_by_birth = plan::place_by_birth(problem, schedule, by_birth);
  static constexpr int visits_of_part = 1 << 18, parts = 8;
  template <int part> static constexpr auto make_by_size() {
    if constexpr (part == 0) {
      return plan::BySize<items, graph.count, steps, rows>(problem, schedule, by_birth);
    } else {
      auto more = by_size<part - 1>;
      more.place(part * visits_of_part);
      return more;
    }
  }
  template <int part> static constexpr auto by_size = make_by_size<part>();
  template <int part = 0> static constexpr auto place_better() {
    if constexpr (part == 0 && placed_by_birth.state <= peak) {
      return placed_by_birth;
    } else if constexpr (by_size<part>.is_complete()) {
      constexpr auto placed = by_size<part>.finished(problem, schedule);
      return placed.arena < placed_by_birth.arena ? placed : placed_by_birth;
    } else if constexpr (part < parts) {
      return place_better<part + 1>();
    } else {
      return placed_by_birth;
    }
  }
  static constexpr auto place_found() {
    constexpr const plan::Found& found = plan::found<policy.found>;
    constexpr auto again = plan::place(
        problem, schedule, plan::reordered(by_birth, found.order, found.count), found.from_top);
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
  static constexpr bool is_split = border > 0 && border < together.state;
  static constexpr auto places = [] {
    if constexpr (is_split)
      return plan::place(problem, schedule, plan::hottest_first(problem, schedule, by_birth), false,
                         border);
    else
      return together;
  }();
  // Most bytes alive at one step: no placement of this schedule is smaller.
  static constexpr int bound = policy.apart ? places.state : peak;
  static constexpr int fast_size = is_split ? places.fast : border > 0 ? places.state : 0;
  static constexpr int slow_size = is_split ? places.state - border : border > 0 ? 0 : places.state;
};

}  // namespace graven::core
