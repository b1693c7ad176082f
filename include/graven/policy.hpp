// What the user wants of a plan (plan/): which goal, which order of steps, which input.
#pragma once

#include "graven/text.hpp"

#include <array>
#include <cstdint>

namespace graven::core::plan {

enum class Goal : std::uint8_t { fastest, smallest, within, lean };
enum class Order : std::uint8_t { best, stream, layers, mixed };

// A plan that a search has found (`graven compile --search`), for one instruction set: the compiler
// repeats its decisions instead of trying its own. `whole` as in Policy; item i of the list in
// which first fit sees rows and scratch is item order[i] of the list by birth. `from_top`:
// addresses count down from the arena's end, so that the input's first rows leave room next to
// everything else.
struct Found {
  const char* isa = "";
  int steps = 0;  // of the schedule it was made for, others are left alone; 0: any
  int arena = 0;  // bytes that it comes to; more: made for another problem; 0: any
  bool row_input = false, from_top = false;
  std::array<std::uint64_t, 4> whole{};
  const std::uint16_t* order = nullptr;
  int count = 0;
};
// By a number, because g++ 12 does not get along with pointers in template values.
template <std::uint64_t id> inline constexpr Found found{};

// What the user wants of a plan. `whole` (with Order::mixed) is the set of values that are finished
// before anything after them starts: bit v % 64 of word v / 64.
struct Policy {
  Goal goal = Goal::fastest;
  int bytes = 0;  // Goal::within: the arena's limit
  int fast = 0;   // bytes of a first, faster region for what is touched most; 0: one region
  int slow = 0;   // the second region's limit; 0: none
  int flash = 0;  // limit of weights, tables and code, in bytes; 0: as the instruction set sees fit
  Order order = Order::best;
  bool keep_input = false;  // the input's rows are not overwritten during a run
  bool row_input = false;   // the input comes row by row (push_row) and never exists as a whole
  bool apart = false;       // nothing shares memory: every row can be looked at afterwards
  bool fuse = true;         // activations become clamps of the layer before them
  std::array<std::uint64_t, 4> whole{};
  std::uint64_t found = 0;  // of plan::found: what to repeat; 0: none

  constexpr bool operator==(const Policy&) const = default;
  constexpr bool has_sound_limits() const {
    return bytes >= 0 && fast >= 0 && slow >= 0 && flash >= 0;
  }
};

inline constexpr Policy fastest{}, smallest{.goal = Goal::smallest};
// The least code: one kernel for layers of all shapes, where the instruction set has such kernels.
inline constexpr Policy lean{.goal = Goal::lean};
template <int Bytes>
inline constexpr Policy within{.goal = Goal::within, .bytes = Bytes > 0 ? Bytes : 0};
// The same plan with row input.
constexpr Policy fed_by_rows(Policy policy) {
  policy.row_input = true;
  return policy;
}
inline constexpr Policy by_rows = fed_by_rows(smallest);
// The same plan with a limit for weights, tables and code (Model::flash_size + code_estimate: what
// its kernels were measured to take): kernels that expand weights for speed are taken as long as
// they fit, where they save the most per byte first, by an estimate that is up to 8 bytes per layer
// too high; if it does not fit without them either, those of plan::lean.
constexpr Policy in_flash(Policy policy, int bytes) {
  policy.flash = bytes > 0 ? bytes : 1;  // 0 would be no limit
  return policy;
}
// For whoever computes the same with other kernels (Model::Twin).
constexpr Policy without_limits(Policy policy) {
  if (policy.goal == Goal::within) policy.goal = Goal::smallest;
  policy.flash = policy.slow = 0;
  return policy;
}
// For debugging: values one after the other, nothing overlapped, nothing fused.
inline constexpr Policy inspectable{
    .order = Order::layers, .keep_input = true, .apart = true, .fuse = false};

// The policy with that of the found plans that is made for it and for the instruction set.
template <class Isa, std::uint64_t... ids> constexpr Policy choose(Policy policy) {
  const bool may = policy.found == 0 && policy.goal != Goal::lean && policy.fast == 0 &&
                   policy.order == Order::best && !policy.keep_input && !policy.apart &&
                   policy.fuse;
  auto fits = [&](const Found& f) {
    return may && policy.row_input == f.row_input && equal(Isa::name, f.isa);
  };
  ((policy.found = fits(found<ids>) ? ids : policy.found), ...);
  return policy;
}

}  // namespace graven::core::plan
