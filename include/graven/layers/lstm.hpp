// LSTM: for each moment, with i, f, g, o the sums of the gates input, forget, cell and output,
//
//   cell = logistic(f) * cell + logistic(i) * tanh(g);  hidden = logistic(o) * tanh(cell)
//
// graph/recurrent.hpp has what a record needs for the gates; `memory` is the cell state's number as
// `hidden` is the hidden state's, int16 below integers; perhaps `clip`, the cell state's largest
// number. TFLite's UNIDIRECTIONAL_SEQUENCE_LSTM; in int8 and int16 TFLM's bits, by its 16-bit table
// of the logistic function.
#pragma once

#include "graven/graph/recurrent.hpp"

namespace graven::core {

namespace op {
inline constexpr Op lstm{"lstm"};
}

template <int Units, Recurrence how = Recurrence{}>
struct LSTM : detail::Recurrent<LSTM<Units, how>, Units, how> {
  static constexpr const char* op = "UNIDIRECTIONAL_SEQUENCE_LSTM";
  static constexpr Op cell = core::op::lstm;
  static constexpr int variant = 0;
  static constexpr Gate gates[]{{"input_to_input", "recurrent_to_input", "input_bias"},
                                {"input_to_forget", "recurrent_to_forget", "forget_bias"},
                                {"input_to_cell", "recurrent_to_cell", "cell_bias"},
                                {"input_to_output", "recurrent_to_output", "output_bias"}};

  static constexpr bool remembers(Element) { return true; }
};

}  // namespace graven::core
