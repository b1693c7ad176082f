// SimpleRNN: for each moment hidden = tanh(n), n the sum of its gate `new`; or max(n, 0)
//
// graph/recurrent.hpp has what a record needs for the gate. TFLite's UNIDIRECTIONAL_SEQUENCE_RNN in
// float32. Integers: our own arithmetic, for TFLite has none. With tanh each sum is rounded to
// Q3.12 and its function is TFLite's 16-bit table; with relu to 16 bits, int8: in units of 1/128 of
// the scale of `hidden`.
#pragma once

#include "graven/graph/recurrent.hpp"

namespace graven::core {

namespace op {
inline constexpr Op simple_rnn{"simple_rnn"};
}

enum class Squash : std::int32_t { tanh, relu };

template <int Units, Recurrence how = Recurrence{}, Squash squash = Squash::tanh>
struct SimpleRNN : detail::Recurrent<SimpleRNN<Units, how, squash>, Units, how> {
  static constexpr const char* op = "UNIDIRECTIONAL_SEQUENCE_RNN";
  static constexpr Op cell = core::op::simple_rnn;
  static constexpr int variant = static_cast<int>(squash);
  static constexpr Gate gates[]{{"input_to_new", "recurrent_to_new", "new_bias"}};

  static constexpr bool remembers(Element) { return false; }
};

}  // namespace graven::core
