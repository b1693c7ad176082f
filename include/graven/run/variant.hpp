// Which variant of an instruction set a plan takes.
#pragma once

#include "graven/run/flash.hpp"

#include <cstddef>
#include <type_traits>

namespace graven::core {

namespace detail {

// The kernels of an instruction set that expand no weights; all but these may do it.
template <class Isa> struct Unexpanded { using type = Isa; };
template <class Isa>
requires requires { typename Isa::template with_spare<0>; }
struct Unexpanded<Isa> {
  using type = typename Isa::template with_spare<0>;
};

// An instruction set may name a `lean` variant of itself, which needs less memory and flash: what
// the smallest plan takes, and a plan within a limit that the faster kernels break. Its `compact`
// variant, of the least code, is what plan::lean takes, and a limit of flash that others break.
template <class Isa> struct LeanOf { using type = Isa; };
template <class Isa>
requires requires { typename Isa::lean; }
struct LeanOf<Isa> {
  using type = typename Isa::lean;
};
template <class Isa> struct CompactOf : LeanOf<Isa> {};
template <class Isa>
requires requires { typename Isa::compact; }
struct CompactOf<Isa> {
  using type = typename Isa::compact;
};

// `with_spare<n>` limits by how many bytes kernels expand weights and make tables: by what the
// limit of flash leaves beside both as they are, the plan, and code, counted as if all were
// expanded.
template <const auto& graph, class Isa, const auto& params, plan::Policy policy>
constexpr auto fast_variant() {
  using Least = typename Unexpanded<Isa>::type;
  if constexpr (policy.flash == 0 || std::is_same_v<Isa, Least> ||
                !Check<graph, Least, params>::is_quietly_sound) {
    return Isa{};
  } else {
    using All = Flash<graph, typename Isa::template with_spare<policy.flash>, params, policy>;
    using Plain = Flash<graph, Least, params, policy>;
    constexpr auto taken =
        static_cast<int>(Plain::weights + Plain::kernel_tables + All::plan_tables + All::code);
    constexpr int left = policy.flash - taken;
    return typename Isa::template with_spare<(left > 0 ? left : 0)>{};
  }
}
// Of a network with mistakes nothing is asked: its own sentence is to come.
template <const auto& graph, class Isa, const auto& params, plan::Policy policy>
constexpr bool stays_within() {
  if constexpr (policy.flash > 0 && Check<graph, Isa, params>::is_quietly_sound)
    if (!Flash<graph, Isa, params, policy>::fits) return false;
  if constexpr (policy.goal == plan::Goal::within)
    return PlanOf<graph, Isa, policy>::places.arena <= policy.bytes;
  return true;
}
template <const auto& graph, class Isa, const auto& params, plan::Policy policy>
constexpr auto variant_of() {
  using Fast = decltype(fast_variant<graph, Isa, params, policy>());
  using Lean = typename LeanOf<Isa>::type;
  using Compact = typename CompactOf<Isa>::type;
  if constexpr (policy.goal == plan::Goal::lean)
    return Compact{};
  else if constexpr (policy.goal != plan::Goal::smallest &&
                     (std::is_same_v<Fast, Compact> || stays_within<graph, Fast, params, policy>()))
    return Fast{};
  else if constexpr (policy.flash == 0 || std::is_same_v<Lean, Compact> ||
                     stays_within<graph, Lean, params, policy>())
    return Lean{};
  else
    return Compact{};
}
template <const auto& graph, class Isa, const auto& params, plan::Policy policy>
using Variant = decltype(variant_of<graph, Isa, params, policy>());

}  // namespace detail

}  // namespace graven::core
