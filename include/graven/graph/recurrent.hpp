// Recurrent layers (LSTM, GRU, SimpleRNN): a cell goes over the moments of a sequence, which are
// the rows, and in them the pixels, and yields its hidden states.
//
// Every cell is gates: functions of input[u] . x + recurrent[u] . hidden + bias[u]. Its record has
// for each gate, by name, `input_to_<gate>` (unit by unit), `recurrent_to_<gate>`, `<gate>_bias`,
// and `hidden`: one number, the zero point, whose element type and scale are the hidden state's.
// Both are float32; or weights are int8 of one scale each, activations int8 (biases int32) or int16
// (int64), and all biases in units of the scales of their data and weights.
#pragma once

#include "graven/graph/index_map.hpp"

namespace graven::core {

struct Recurrence {
  bool return_sequences = true;  // or the hidden state of the last moment alone
  // The states last from run to run: step by step gives what the whole sequence gives, and reset()
  // begins a new one. Otherwise every run begins with zeros, and a Model has no State for them.
  bool stateful = true;
};

// The constants of a gate, by name.
struct Gate {
  const char *input, *recurrent, *bias;
};

struct CellOptions {
  std::int32_t stateful = 0, variant = 0;
};

namespace detail {

// What a record has for `gates`, and behind them what some cells have: `memory`, a number as
// `hidden` is; `clip`; the bias of recurrent sums.
template <const auto& gates, int In, int Units, Element e> struct WantedOfCell {
  static constexpr bool real = e == Element::float32;
  static constexpr Element weight = real ? e : Element::int8, cell = real ? e : Element::int16;
  static constexpr Element bias = real ? e : e == Element::int16 ? Element::int64 : Element::int32;
  static constexpr std::size_t count = std::size(gates);
  static constexpr std::array<Wanted, 3 * count + 4> list = [] {
    std::array<Wanted, 3 * count + 4> all{};
    Wanted* to = all.data();
    for (const Gate& gate : gates) {
      *to++ = {gate.input, Units * In, weight, !real};
      *to++ = {gate.recurrent, Units * Units, weight, !real};
      *to++ = {gate.bias, Units, bias};
    }
    *to++ = {"hidden", 1, e, !real};
    *to++ = {"memory", 1, cell, !real, true};
    *to++ = {"clip", 1, cell, false, true};
    *to = {"recurrent_bias", Units, bias, false, true};
    return all;
  }();
};

// What such layers have in common. A Layer names its `cell`, its `gates`, its `variant`, and for
// which elements it remembers more than the hidden state.
template <class Layer, int Units, Recurrence how> struct Recurrent {
  static constexpr int views = 6;
  static constexpr bool stateful = how.stateful;

  template <At in> static constexpr Shape output() {
    static_assert(
        Units > 0 ||
            error::out_of_range<error::at_layer<in.layer>, error::in<Layer>, error::got<Units>>,
        "LSTM, GRU, SimpleRNN: Units must be at least 1.");
    constexpr bool countable = is_countable(Units) && is_countable(in.shape.channels);
    static_assert(
        countable ||
            error::out_of_range<error::at_layer<in.layer>, error::in<Layer>, error::got<Units>>,
        "LSTM, GRU, SimpleRNN: the weights of all gates, Units times the channels of the "
        "input and Units times Units of each, must be fewer than 2^31.");
    if (Units < 1 || !countable) return no_shape;
    return how.return_sequences ? all_of(in.shape) : Shape{1, 1, Units};
  }
  template <At in, class Lowering> static constexpr View lower(Lowering& l, View input) {
    constexpr Shape all = all_of(in.shape);
    input = l.with_rows(input, in.layer);
    Value v = l.begin(Layer::cell, in.layer, all, input);
    v.options.set(CellOptions{how.stateful, Layer::variant});
    v.carries = true;  // its steps depend on each other
    v.wanted = wanted_of<in.shape.channels>(v.element);
    v.macs = std::uint64_t{std::size(Layer::gates)} * static_cast<unsigned>(all.size()) *
             static_cast<unsigned>(in.shape.channels + Units);
    const View made = add(l, v, input);
    if constexpr (how.return_sequences) {
      return made;
    } else {
      using Last = IndexMap<Shape{1, 1, Units}, all.size() - Units, 0, Digit{Units, 1}>;
      return Last::template lower<At{all, in.layer}>(l, made);
    }
  }

private:
  static constexpr bool is_countable(int inputs) {
    constexpr auto gates = static_cast<std::int64_t>(std::size(Layer::gates));
    return gates * Units * inputs < std::int64_t{1} << 31;
  }
  static constexpr Shape all_of(Shape in) { return {in.height, in.width, Units}; }
  template <int In> static constexpr Listing<Wanted> wanted_of(Element e) {
    constexpr const auto& gates = Layer::gates;
    if (e == Element::float32) return WantedOfCell<gates, In, Units, Element::float32>::list;
    if (e == Element::int16) return WantedOfCell<gates, In, Units, Element::int16>::list;
    return WantedOfCell<gates, In, Units, Element::int8>::list;
  }
  template <class Lowering> static constexpr View add(Lowering& l, Value v, View input) {
    if (!how.stateful) return l.add(v, input);
    constexpr Shape row{1, 1, Units};
    View hidden = v.element == Element::float32 ? l.state(v.layer, row, v.element)
                                                : l.state(v.layer, "hidden", row);
    hidden.rows.step = 0;
    if (!Layer::remembers(v.element)) return l.add(v, input, hidden);
    View memory = l.state(v.layer, "memory", {1, 1, Units});
    memory.rows.step = 0;
    return l.add(v, input, hidden, memory);
  }
};

}  // namespace detail

}  // namespace graven::core
