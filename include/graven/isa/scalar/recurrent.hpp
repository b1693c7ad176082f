// Recurrent cells, moment by moment: of each unit the sums of its gates, by what they say about
// numbers (RealCells here, IntegerCells in recurrent_integer.hpp), then what the cell makes of
// them; the outputs become the hidden state when all units have read the old one.
//
// A cell is a struct of its operator, its gates, whether it has a memory beside the hidden state,
// and `finish`, from the two sums of each gate of a unit to its output.
#pragma once

#include "graven/floating_point.hpp"
#include "graven/isa/scalar/svdf.hpp"
#include "graven/layers/gru.hpp"
#include "graven/layers/lstm.hpp"
#include "graven/layers/simple_rnn.hpp"

namespace graven::core::scalar_isa {

constexpr const core::Constant& constant_of(const Parameters& p, const char* name) {
  return p.constants[p.find(name)];
}
constexpr bool is_cell(const GraphView& g, int value, Op op, Element element) {
  const Value& v = g[value];
  return v.op == op && v.element == element && g.source(v).element == element;
}

// The sums of a gate: of the input with the bias, and of the hidden state.
template <class T> struct Sums { T input, recurrent; };

// The states of a cell, in the State, or in scratch which every run begins with zeros; and the
// scratch behind them.
struct States {
  std::byte *hidden, *memory, *scratch;

  static constexpr int words(int bytes) { return (bytes + 3) & ~3; }
  static constexpr int scratch_size(bool stateful, int hidden, int memory) {
    return stateful ? 0 : words(hidden) + words(memory);
  }
  constexpr States(const Band& band, bool stateful, int hidden_bytes, int memory_bytes, int zero)
      : hidden(band.scratch), memory(band.scratch + words(hidden_bytes)),
        scratch(band.scratch + scratch_size(stateful, hidden_bytes, memory_bytes)) {
    if (stateful) {
      hidden = own_state(band.rows[1]);
      memory = memory_bytes > 0 ? own_state(band.rows[2]) : nullptr;
    } else if (band.step == 0) {
      fill_bytes(hidden, static_cast<std::byte>(static_cast<std::uint8_t>(zero)), hidden_bytes);
      fill_bytes(memory, std::byte{0}, memory_bytes);
    }
  }
};

// A record of words in front of a stream.
template <class Numbers> constexpr void put_numbers(Writer& to, const Numbers& n) {
  for (const std::int32_t word : std::bit_cast<std::array<std::int32_t, sizeof(Numbers) / 4>>(n))
    to.put(word);
}
template <class Numbers> constexpr Numbers numbers_of(const std::byte* stream) {
  std::array<std::int32_t, sizeof(Numbers) / 4> words{};
  Reader from{stream};
  for (std::int32_t& word : words) word = from.next<std::int32_t>();
  return std::bit_cast<Numbers>(words);
}

struct RealNumbers {
  std::int32_t units, inputs, stateful, variant;
  float clip;  // 0: none
};

constexpr float logistic(float x) { return 1 / (1 + floating_point::exp(-x)); }

struct RealLstm {
  static constexpr const char* name = "scalar.lstm";
  static constexpr Op op = core::op::lstm;
  static constexpr const auto& gates = LSTM<1>::gates;
  static constexpr bool remembers = true, resets = false;

  static constexpr float sum(const Sums<float>& s) { return s.input + s.recurrent; }
  static constexpr float finish(const RealNumbers& n, const Sums<float>* s, std::byte* cell,
                                float) {
    float memory = logistic(sum(s[1])) * load_aligned<float>(cell) +
                   logistic(sum(s[0])) * floating_point::tanh(sum(s[2]));
    if (n.clip > 0) memory = clamp(memory, {-n.clip, n.clip});
    store_aligned(cell, memory);
    return logistic(sum(s[3])) * floating_point::tanh(memory);
  }
};

struct RealGru {
  static constexpr const char* name = "scalar.gru";
  static constexpr Op op = core::op::gru;
  static constexpr const auto& gates = GRU<1>::gates;
  static constexpr bool remembers = false, resets = true;

  static constexpr float finish(const RealNumbers& n, const Sums<float>* s, std::byte*, float old) {
    const float part = n.variant == static_cast<int>(Reset::after) ? reset(s[1]) : 1;
    const float offered = floating_point::tanh(s[2].input + part * s[2].recurrent);
    return offered + logistic(s[0].input + s[0].recurrent) * (old - offered);
  }
  static constexpr float reset(const Sums<float>& s) { return logistic(s.input + s.recurrent); }
};

struct RealRnn {
  static constexpr const char* name = "scalar.simple_rnn";
  static constexpr Op op = core::op::simple_rnn;
  static constexpr const auto& gates = SimpleRNN<1>::gates;
  static constexpr bool remembers = false, resets = false;

  static constexpr float finish(const RealNumbers& n, const Sums<float>* s, std::byte*, float) {
    const float sum = s[0].input + s[0].recurrent;
    if (n.variant == static_cast<int>(Squash::tanh)) return floating_point::tanh(sum);
    return sum > 0 ? sum : 0;
  }
};

// Is the hidden state reset before the products of a cell's last gate? Those read what its gate 1
// leaves of it, in scratch, once all units have made theirs.
template <class Cell> constexpr bool resets_before(std::int32_t variant) {
  return Cell::resets && variant == static_cast<int>(Reset::before);
}

// What kernels of cells do with a step: `Cells` has Numbers and Cell; the bytes of an element, of a
// unit's memory; zero(numbers); a Moment, whose sums(unit, gate, hidden) are of one gate;
// put_reset, which leaves in scratch what the last gate reads, and put, of an output.
template <class Cells, class Moment>
constexpr void step_cells(const Moment& moment, const States& states, std::byte* out) {
  using Cell = typename Cells::Cell;
  constexpr int gates = std::size(Cell::gates);
  const auto& n = moment.n;
  const bool before = resets_before<Cell>(n.variant);
  if constexpr (Cell::resets)
    for (int u = 0; before && u < n.units; ++u)
      Cells::put_reset(n, moment.sums(u, 1, states.hidden), states, u);
  for (int u = 0; u < n.units; ++u) {
    decltype(moment.sums(0, 0, nullptr)) s[std::size_t{gates}]{};
    for (int k = 0; k < gates; ++k)
      if (!before || k != 1)
        s[k] = moment.sums(u, k, before && k == 2 ? states.scratch : states.hidden);
    Cells::put(n, s, states, u, out);
  }
}
template <class Cells> constexpr void run_cells(const Task& task, const Band& band) {
  const auto n = numbers_of<typename Cells::Numbers>(task.stream);
  constexpr int size = Cells::size;
  const States states(band, n.stateful != 0, size * n.units, Cells::memory_size * n.units,
                      Cells::zero(n));
  typename Cells::Moment moment{n, band.rows[0], task.stream};
  std::byte* out = band.out[0];
  for (int x = task.out_width; x > 0; --x, moment.in += n.inputs * size, out += n.units * size) {
    step_cells<Cells>(moment, states, out);
    copy_bytes(states.hidden, out, n.units * size);
  }
}

// Stream: RealNumbers; per unit and gate the bias, of cells with a reset gate that of the recurrent
// sum as well; per unit and gate the weights of the input and of the hidden state.
template <class CellType> struct RealCells : PlainKernel {
  using Cell = CellType;
  using Numbers = RealNumbers;
  static constexpr const char* name = Cell::name;
  static constexpr bool holds_weights = true;
  static constexpr int gates = std::size(Cell::gates), header = sizeof(RealNumbers);
  static constexpr int biases = gates + (Cell::resets ? 1 : 0);  // of a unit
  static constexpr int size = 4, memory_size = Cell::remembers ? 4 : 0;
  static constexpr int zero(const Numbers&) { return 0; }

  static constexpr bool serves(const GraphView& g, int value) {
    return is_cell(g, value, Cell::op, Element::float32);
  }
  static constexpr int scratch(const GraphView&, const Value& v) {
    const auto [stateful, variant] = v.options.get<CellOptions>();
    const int row = 4 * v.shape.channels;
    return States::scratch_size(stateful != 0, row, Cell::remembers ? row : 0) +
           (resets_before<Cell>(variant) ? row : 0);
  }
  static constexpr int stream_size(const GraphView& g, const Value& v) {
    const int units = v.shape.channels;
    return header + 4 * units * (biases + gates * (g.input(v).shape.channels + units));
  }
  static constexpr RealNumbers numbers(const GraphView& g, const Value& v, const Parameters& p) {
    const auto [stateful, variant] = v.options.get<CellOptions>();
    return {v.shape.channels, g.input(v).shape.channels, stateful, variant,
            p.find("clip") >= 0 ? constant_of(p, "clip").data.float32[0] : 0.0f};
  }
  static constexpr void pack(const GraphView& g, const Value& v, const Parameters& p, Writer& to) {
    const RealNumbers n = numbers(g, v, p);
    put_numbers(to, n);
    const bool own = p.find("recurrent_bias") >= 0;
    for (int u = 0; u < n.units; ++u) {
      for (const Gate& gate : Cell::gates) to.put(constant_of(p, gate.bias).data.float32[u]);
      if (Cell::resets) to.put(own ? constant_of(p, "recurrent_bias").data.float32[u] : 0.0f);
    }
    for (int u = 0; u < n.units; ++u)
      for (const Gate& gate : Cell::gates) {
        to.copy(constant_of(p, gate.input).data.float32 + u * n.inputs, n.inputs);
        to.copy(constant_of(p, gate.recurrent).data.float32 + u * n.units, n.units);
      }
  }

  static constexpr float dot(const std::byte* data, const std::byte* weights, int count,
                             float sum) {
    for (int i = 0; i < 4 * count; i += 4)
      sum += load_aligned<float>(data + i) * load_aligned<float>(weights + i);
    return sum;
  }
  // One moment.
  struct Moment {
    const Numbers& n;
    const std::byte *in, *stream;

    constexpr Sums<float> sums(int unit, int gate, const std::byte* hidden) const {
      const std::byte* b = stream + header + 4 * unit * biases;
      const std::byte* w =
          stream + header + 4 * n.units * biases + 4 * (unit * gates + gate) * (n.inputs + n.units);
      const bool own = Cell::resets && gate == gates - 1;
      return {dot(in, w, n.inputs, load_aligned<float>(b + 4 * gate)),
              dot(hidden, w + 4 * n.inputs, n.units, own ? load_aligned<float>(b + 4 * gates) : 0)};
    }
  };
  static constexpr void put_reset(const Numbers&, const Sums<float>& s, const States& states,
                                  int unit) {
    const float old = load_aligned<float>(states.hidden + 4 * unit);
    store_aligned(states.scratch + 4 * unit, Cell::reset(s) * old);
  }
  static constexpr void put(const Numbers& n, const Sums<float>* s, const States& states, int unit,
                            std::byte* out) {
    std::byte* memory = Cell::remembers ? states.memory + 4 * unit : nullptr;
    const float old = load_aligned<float>(states.hidden + 4 * unit);
    store_aligned(out + 4 * unit, Cell::finish(n, s, memory, old));
  }
  static constexpr void run(const Task& task, const Band& band) {
    run_cells<RealCells>(task, band);
  }
};

}  // namespace graven::core::scalar_isa
