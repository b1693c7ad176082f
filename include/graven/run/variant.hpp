// Which variant of an instruction set a plan takes.
#pragma once

#include "graven/run/check.hpp"

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
// the smallest plan takes, and a plan within a limit that the faster kernels break.
// `with_spare<n>` limits by how many bytes these expand weights. Its `compact` variant, of the
// least code, is what plan::lean takes.
template <const auto& graph, class Isa, const auto& params, plan::Policy policy>
constexpr auto fast_variant() {
  using Least = typename Unexpanded<Isa>::type;
  if constexpr (policy.flash == 0 || std::is_same_v<Isa, Least>) {
    return Isa{};
  } else {
    constexpr auto weights = static_cast<int>(Check<graph, Least, params>::total(true));
    constexpr int left = policy.flash - weights;
    return typename Isa::template with_spare<(left > 0 ? left : 0)>{};
  }
}
template <const auto& graph, class Isa, const auto& params, plan::Policy policy>
constexpr auto variant_of() {
  using Fast = decltype(fast_variant<graph, Isa, params, policy>());
  constexpr bool lean = policy.goal == plan::Goal::lean;
  if constexpr (lean && requires { typename Isa::compact; })
    return typename Isa::compact{};
  else if constexpr (!requires { typename Isa::lean; } || policy.goal == plan::Goal::fastest)
    return Fast{};
  else if constexpr (lean || policy.goal == plan::Goal::smallest)
    return typename Isa::lean{};
  else if constexpr (PlanOf<graph, Fast, policy>::places.arena <= policy.bytes)
    return Fast{};
  else
    return typename Isa::lean{};
}
template <const auto& graph, class Isa, const auto& params, plan::Policy policy>
using Variant = decltype(variant_of<graph, Isa, params, policy>());

}  // namespace detail

}  // namespace graven::core
