// Which variant of an instruction set a plan takes.
#pragma once

#include "graven/lower.hpp"

namespace graven {

namespace detail {

// An instruction set may name a `lean` variant of itself, which needs less memory and flash: what
// the smallest plan takes, and a plan within a limit that the faster kernels break.
template <const auto& graph, class Isa, plan::Policy policy> constexpr auto variant_of() {
  if constexpr (!requires { typename Isa::lean; } || policy.goal == plan::Goal::fastest)
    return Isa{};
  else if constexpr (policy.goal == plan::Goal::smallest)
    return typename Isa::lean{};
  else if constexpr (PlanOf<graph, Isa, policy>::places.arena <= policy.bytes)
    return Isa{};
  else
    return typename Isa::lean{};
}
template <const auto& graph, class Isa, plan::Policy policy>
using Variant = decltype(variant_of<graph, Isa, policy>());

}  // namespace detail

}  // namespace graven
