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

template <class Forward, class Backward = Forward>
using Bidirectional =
    Concat<Forward, Sequential<Reverse<Axis::height>, Backward, Reverse<Axis::height>>>;

}  // namespace graven::core
