// GRU: for each moment, with z, r and n the gates update, reset and new,
//
//   hidden = (1 - logistic(z)) * tanh(n) + logistic(z) * hidden
//
// where n = input . x + bias + logistic(r) * (recurrent . hidden + recurrent_bias), as PyTorch and
// Keras have it, or with Reset::before: input . x + bias + recurrent . (logistic(r) * hidden), as
// ONNX by default. graph/recurrent.hpp has what a record needs for the gates; with Reset::after
// perhaps `recurrent_bias`, one number per unit.
//
// Integers: our own arithmetic, for TFLite has none. As in its LSTM each sum is rounded to Q3.12,
// and gates are its 16-bit tables. What is remembered is int16 in units of 2^-15, `memory` in the
// record; products read it in the scale of `hidden`.
#pragma once

#include "graven/graph/recurrent.hpp"

namespace graven::core {

namespace op {
inline constexpr Op gru{"gru"};
}

enum class Reset : std::int32_t { after, before };

template <int Units, Recurrence how = Recurrence{}, Reset reset = Reset::after>
struct GRU : detail::Recurrent<GRU<Units, how, reset>, Units, how> {
  static constexpr const char* op = "GRU";
  static constexpr Op cell = core::op::gru;
  static constexpr int variant = static_cast<int>(reset);
  static constexpr Gate gates[]{{"input_to_update", "recurrent_to_update", "update_bias"},
                                {"input_to_reset", "recurrent_to_reset", "reset_bias"},
                                {"input_to_new", "recurrent_to_new", "new_bias"}};

  static constexpr bool remembers(Element e) { return e != Element::float32; }
};

}  // namespace graven::core
