// LSTM: for each moment x, with i, f, g, o of input[u] . x + recurrent[u] . hidden + bias[u]
//
//   cell = logistic(f) * cell + logistic(i) * tanh(g);  hidden = logistic(o) * tanh(cell)
//
// TFLite's UNIDIRECTIONAL_SEQUENCE_LSTM over all moments: the rows, and in them the pixels, of
// which it yields the hidden states. Hidden and cell state are kept from run to run, as TFLM keeps
// them: reset() where a new sequence begins. The record has by name `input_to_<gate>` (unit by
// unit), `recurrent_to_<gate>`, `<gate>_bias` of input, forget, cell and output; `hidden` and
// `memory` (the cell state): one number each, the zero point, whose element type, scale and zero
// point are the state's; perhaps `clip`, the cell state's largest number. int8 or int16
// activations, int16 cell state: TFLM's bits, by its 16-bit table of the logistic function.
#pragma once

#include "graven/graph/network.hpp"

namespace graven::core {

namespace op {
inline constexpr Op lstm{"lstm"};
}

template <int Units> struct LSTM {
  static constexpr const char* op = "UNIDIRECTIONAL_SEQUENCE_LSTM";
  static constexpr int views = 6;

  template <At in> static constexpr Shape output() {
    static_assert(
        Units > 0 ||
            error::out_of_range<error::at_layer<in.layer>, error::in<LSTM>, error::got<Units>>,
        "LSTM: Units must be at least 1.");
    return Units > 0 ? Shape{in.shape.height, in.shape.width, Units} : no_shape;
  }
  template <At in, class Lowering> static constexpr View lower(Lowering& l, View input) {
    input = l.with_rows(input, in.layer);
    Value v = l.begin(op::lstm, in.layer, output<in>(), input);
    View hidden = l.state(in.layer, "hidden", {1, 1, Units});
    View memory = l.state(in.layer, "memory", {1, 1, Units});
    hidden.rows = memory.rows = {.step = 0};
    v.carries = true;  // its steps depend on each other
    const Element e = v.element;
    v.wanted = e == Element::float32 ? Listing<Wanted>(wanted<in.shape.channels, Element::float32>)
               : e == Element::int16 ? Listing<Wanted>(wanted<in.shape.channels, Element::int16>)
                                     : Listing<Wanted>(wanted<in.shape.channels, Element::int8>);
    v.macs = std::uint64_t{4} * static_cast<unsigned>(v.shape.size()) *
             static_cast<unsigned>(in.shape.channels + Units);
    return l.add(v, input, hidden, memory);
  }

private:
  template <int In, Element element>
  static constexpr std::array<Wanted, 15> wanted = [] {
    constexpr bool real = element == Element::float32;
    constexpr Element weight = real ? element : Element::int8;
    constexpr Element cell = real ? element : Element::int16;
    constexpr Element bias = real                        ? element
                             : element == Element::int16 ? Element::int64
                                                         : Element::int32;
    constexpr int from_input = Units * In, from_hidden = Units * Units;
    return std::array<Wanted, 15>{{{"input_to_input", from_input, weight, !real},
                                   {"input_to_forget", from_input, weight, !real},
                                   {"input_to_cell", from_input, weight, !real},
                                   {"input_to_output", from_input, weight, !real},
                                   {"recurrent_to_input", from_hidden, weight, !real},
                                   {"recurrent_to_forget", from_hidden, weight, !real},
                                   {"recurrent_to_cell", from_hidden, weight, !real},
                                   {"recurrent_to_output", from_hidden, weight, !real},
                                   {"input_bias", Units, bias},
                                   {"forget_bias", Units, bias},
                                   {"cell_bias", Units, bias},
                                   {"output_bias", Units, bias},
                                   {"hidden", 1, element, !real},
                                   {"memory", 1, cell, !real},
                                   {"clip", 1, cell, false, true}}};
  }();
};

}  // namespace graven::core
