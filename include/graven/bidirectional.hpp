// Bidirectional: two recurrent layers side by side, of which one reads the sequence from its end
//
//   constexpr graven::Recurrence fresh{.stateful = false};
//   using Net = graven::Sequential<graven::Bidirectional<graven::GRU<32, fresh>>, ...>;
//
// A sequence lies along the rows. Both yield their hidden states moment by moment, the forward
// ones in the first channels. It needs whole sequences: cells that begin every run with zeros.
// Records, in reading order: forward, {}, backward, {}, the join ({} for float).
#pragma once

#include "graven/layers/concat.hpp"
#include "graven/layers/index_map.hpp"

namespace graven::core {

namespace detail {

template <class Layer> constexpr bool is_stateful() {
  if constexpr (requires { Layer::stateful; })
    return Layer::stateful;
  else
    return false;
}
template <class Forward, class Backward> constexpr bool begins_anew() {
  static_assert((!is_stateful<Forward>() && !is_stateful<Backward>()) ||
                    error::unsupported<error::in<Forward>, error::in<Backward>>,
                "Bidirectional: what reads from the end cannot go on from run to run. Give both "
                "layers Recurrence{.stateful = false}.");
  return !is_stateful<Forward>() && !is_stateful<Backward>();
}
template <class Forward, class Backward> struct BothWays {
  // Behind a mistake the shapes are the same, so that nothing more is said.
  static constexpr Axis along = begins_anew<Forward, Backward>() ? Axis::height : Axis::width;
  using type = Concat<Forward, Sequential<Reverse<along>, Backward, Reverse<along>>>;
};

}  // namespace detail

template <class Forward, class Backward = Forward>
using Bidirectional = typename detail::BothWays<Forward, Backward>::type;

}  // namespace graven::core
