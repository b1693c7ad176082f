// LSTM, moment by moment: a unit's four gates, its new cell state, its output; the outputs become
// the hidden state when all units have read the old one.
#pragma once

#include "graven/fixed_point.hpp"
#include "graven/floating_point.hpp"
#include "graven/isa/scalar/svdf.hpp"
#include "graven/layers/lstm.hpp"

namespace graven::core::scalar_isa {

struct LstmGate {
  const char *input, *recurrent, *bias;
};
inline constexpr LstmGate lstm_gates[4]{{"input_to_input", "recurrent_to_input", "input_bias"},
                                        {"input_to_forget", "recurrent_to_forget", "forget_bias"},
                                        {"input_to_cell", "recurrent_to_cell", "cell_bias"},
                                        {"input_to_output", "recurrent_to_output", "output_bias"}};
inline constexpr int input_gate = 0, forget_gate = 1, cell_gate = 2, output_gate = 3;

constexpr const core::Constant& constant_of(const Parameters& p, const char* name) {
  return p.constants[p.find(name)];
}
constexpr bool is_lstm(const GraphView& g, int value, Element data, Element cell) {
  const Value& v = g[value];
  return v.op == op::lstm && v.element == data && g.source(v).element == data &&
         g.source(v, 1).element == data && g.source(v, 2).element == cell;
}

// Activations of T, int8 or int16. Stream: LstmNumbers; per unit and gate the sums' starts, then
// per unit and gate the weights of the input and of the hidden state.
struct LstmNumbers {
  Multiplier input[4], recurrent[4];
  Multiplier kept, entered, hidden;  // of cell * forget, input * cell gate, tanh(cell) * output
  std::int32_t units, inputs, zero, shift, clip;  // tanh of 3 * cell * 2^shift; 0: no clip
};

template <class T> struct LstmSums;
template <> struct LstmSums<std::int8_t> {
  using Sum = std::int32_t;
  static constexpr std::int32_t rescaled(Sum sum, Multiplier m) { return requantize(sum, m); }
  static constexpr Multiplier multiplier(Multiplier m) { return m; }
};
template <> struct LstmSums<std::int16_t> {
  using Sum = std::int64_t;
  static constexpr std::int32_t rescaled(Sum sum, Multiplier m) { return requantize_wide(sum, m); }
  static constexpr Multiplier multiplier(Multiplier m) { return narrow(m); }
};

constexpr Clamp int16_range{-32768, 32767};

template <class T> struct Lstm : PlainKernel {
  static constexpr const char* name = "scalar.lstm";
  static constexpr bool holds_weights = true;
  static constexpr bool serves(const GraphView& g, int value) {
    return is_lstm(g, value, sizeof(T) == 1 ? Element::int8 : Element::int16, Element::int16);
  }
  using Sums = LstmSums<T>;
  using Sum = typename Sums::Sum;
  static constexpr int sum_size = sizeof(Sum), header = sizeof(LstmNumbers);

  static constexpr int stream_size(const GraphView& g, const Value& v) {
    const int units = v.shape.channels;
    return header + 4 * units * (2 * sum_size + g.input(v).shape.channels + units);
  }

  static constexpr Multiplier of_sum(Quant data, const core::Constant& weights) {
    const float product = data.scale * weights.scale.float32[0];  // in float, as TFLM has it
    return Sums::multiplier(quantize_multiplier(static_cast<double>(product) * 4096));
  }
  static constexpr LstmNumbers numbers(const GraphView& g, const Value& v, const Parameters& p) {
    const Quant hidden = g.source(v, 1).quant;
    const double cell = static_cast<double>(g.source(v, 2).quant.scale), unit = 1.0 / 32768;
    LstmNumbers n{};
    for (int gate = 0; gate < 4; ++gate) {
      n.input[gate] = of_sum(g.source(v).quant, constant_of(p, lstm_gates[gate].input));
      n.recurrent[gate] = of_sum(hidden, constant_of(p, lstm_gates[gate].recurrent));
    }
    n.kept = quantize_multiplier(unit);
    n.entered = quantize_multiplier(unit * unit / cell);
    n.hidden = quantize_multiplier(unit * unit / static_cast<double>(hidden.scale));
    n.units = v.shape.channels;
    n.inputs = g.input(v).shape.channels;
    n.zero = hidden.zero_point;
    for (double scale = cell * 4096; scale < 1; scale *= 2) --n.shift;
    for (double scale = cell * 4096; scale > 1; scale /= 2) ++n.shift;
    if (p.find("clip") >= 0) n.clip = constant_of(p, "clip").data.int16[0];
    return n;
  }
  static constexpr void put(Writer& to, const LstmNumbers& n) {
    for (const std::int32_t word : std::bit_cast<std::array<std::int32_t, header / 4>>(n))
      to.put(word);
  }
  // Where the sum of a unit's weights begins: the bias, less the zero point of all data.
  static constexpr Sum start(const core::Constant& weights, int unit, int count, int zero) {
    Sum sum = 0;
    for (int i = 0; zero != 0 && i < count; ++i) sum -= zero * weights.data.int8[unit * count + i];
    return sum;
  }
  // The numbers, and where all sums begin.
  static constexpr void pack_starts(const GraphView& g, const Value& v, const Parameters& p,
                                    Writer& to) {
    const LstmNumbers n = numbers(g, v, p);
    put(to, n);
    for (int u = 0; u < n.units; ++u)
      for (const LstmGate& gate : lstm_gates) {
        if (to.skips(2 * sum_size)) continue;
        const Array& bias = constant_of(p, gate.bias).data;
        const Sum own = sizeof(T) == 1 ? Sum{bias.int32[u]} : static_cast<Sum>(bias.int64[u]);
        to.put(static_cast<Sum>(
            own + start(constant_of(p, gate.input), u, n.inputs, g.source(v).quant.zero_point)));
        to.put(start(constant_of(p, gate.recurrent), u, n.units, n.zero));
      }
  }
  static constexpr void pack(const GraphView& g, const Value& v, const Parameters& p, Writer& to) {
    const int units = v.shape.channels, inputs = g.input(v).shape.channels;
    pack_starts(g, v, p, to);
    for (int u = 0; u < units; ++u)
      for (const LstmGate& gate : lstm_gates) {
        to.copy(constant_of(p, gate.input).data.int8 + u * inputs, inputs);
        to.copy(constant_of(p, gate.recurrent).data.int8 + u * units, units);
      }
  }

  static constexpr Sum dot(const std::byte* data, const std::byte* weights, int count, Sum sum) {
    for (int i = 0; i < count; ++i, data += sizeof(T))
      sum += load<T>(data) * load<std::int8_t>(weights + i);
    return sum;
  }
  // Both sums of a gate, each rounded to Q3.12; times three, as the tables want it.
  static constexpr std::int32_t gate(const LstmNumbers& n, int gate, Sum input, Sum recurrent) {
    const auto first = clamp(Sums::rescaled(input, n.input[gate]), int16_range);
    const auto second = clamp(Sums::rescaled(recurrent, n.recurrent[gate]), int16_range);
    return 3 * clamp(first + second, int16_range);
  }
  // The cell state times three, as Q3.12.
  static constexpr std::int32_t scaled(const LstmNumbers& n, std::int32_t memory) {
    return n.shift >= 0 ? 3 * memory * (1 << n.shift)
                        : (3 * memory + (1 << (-n.shift - 1))) >> -n.shift;
  }
  // From the four gates to a unit's new cell state (in place) and its output.
  static constexpr T finish(const LstmNumbers& n, const std::int32_t* gates, std::byte* cell) {
    const auto old = load_aligned<std::int16_t>(cell);
    const std::int32_t kept = fixed_point::logistic16(gates[forget_gate]) * old;
    const std::int32_t entering = fixed_point::logistic16(gates[input_gate]);
    const std::int32_t offered = fixed_point::tanh16(gates[cell_gate]);
    std::int32_t memory = clamp(requantize(kept, n.kept), int16_range) +
                          clamp(requantize(entering * offered, n.entered), int16_range);
    memory = clamp(memory, int16_range);
    if (n.clip > 0) memory = clamp(memory, {-n.clip, n.clip});
    store_aligned(cell, static_cast<std::int16_t>(memory));
    const std::int32_t product =
        fixed_point::tanh16(scaled(n, memory)) * fixed_point::logistic16(gates[output_gate]);
    constexpr Clamp range{(std::numeric_limits<T>::min)(), (std::numeric_limits<T>::max)()};
    return static_cast<T>(clamp(requantize(product, n.hidden) + n.zero, range));
  }

  static constexpr LstmNumbers read(const std::byte* stream) {
    std::array<std::int32_t, header / 4> words{};
    Reader from{stream};
    for (std::int32_t& word : words) word = from.next<std::int32_t>();
    return std::bit_cast<LstmNumbers>(words);
  }
  static constexpr void run(const Task& task, const Band& band) {
    constexpr int size = sizeof(T);
    const LstmNumbers n = read(task.stream);
    const std::byte* in = band.rows[0];
    std::byte *hidden = own_state(band.rows[1]), *cells = own_state(band.rows[2]);
    std::byte* out = band.out[0];
    for (int x = task.out_width; x > 0; --x, in += n.inputs * size, out += n.units * size) {
      const std::byte *starts = task.stream + header, *weights = starts + 8 * n.units * sum_size;
      for (int u = 0; u < n.units; ++u) {
        std::int32_t gates[4]{};
        for (int k = 0; k < 4; ++k, starts += 2 * sum_size) {
          const Sum input = dot(in, weights, n.inputs, load_aligned<Sum>(starts));
          weights += n.inputs;
          const Sum recurrent = dot(hidden, weights, n.units, load_aligned<Sum>(starts + sum_size));
          weights += n.units;
          gates[k] = gate(n, k, input, recurrent);
        }
        store(out + u * size, finish(n, gates, cells + 2 * u));
      }
      copy_bytes(hidden, out, n.units * size);
    }
  }
};

// Stream: int32 units, inputs; float clip, 0: none; per unit and gate the bias; per unit and gate
// the weights of the input and of the hidden state.
struct LstmFloat32 : PlainKernel {
  static constexpr const char* name = "scalar.lstm";
  static constexpr bool holds_weights = true;
  static constexpr bool serves(const GraphView& g, int value) {
    return is_lstm(g, value, Element::float32, Element::float32);
  }
  static constexpr int stream_size(const GraphView& g, const Value& v) {
    const int units = v.shape.channels;
    return 12 + 16 * units * (1 + g.input(v).shape.channels + units);
  }
  static constexpr void pack(const GraphView& g, const Value& v, const Parameters& p, Writer& to) {
    const int units = v.shape.channels, inputs = g.input(v).shape.channels;
    to.put<std::int32_t>(units);
    to.put<std::int32_t>(inputs);
    to.put(p.find("clip") >= 0 ? constant_of(p, "clip").data.float32[0] : 0.0f);
    for (int u = 0; u < units; ++u)
      for (const LstmGate& gate : lstm_gates) to.put(constant_of(p, gate.bias).data.float32[u]);
    for (int u = 0; u < units; ++u)
      for (const LstmGate& gate : lstm_gates) {
        to.copy(constant_of(p, gate.input).data.float32 + u * inputs, inputs);
        to.copy(constant_of(p, gate.recurrent).data.float32 + u * units, units);
      }
  }
  static constexpr float dot(const std::byte* data, const std::byte* weights, int count,
                             float sum) {
    for (int i = 0; i < 4 * count; i += 4)
      sum += load_aligned<float>(data + i) * load_aligned<float>(weights + i);
    return sum;
  }
  static constexpr float logistic(float x) { return 1 / (1 + floating_point::exp(-x)); }

  static constexpr void run(const Task& task, const Band& band) {
    Reader from{task.stream};
    const int units = from.next<std::int32_t>(), inputs = from.next<std::int32_t>();
    const float clip = from.next<float>();
    const std::byte* in = band.rows[0];
    std::byte *hidden = own_state(band.rows[1]), *cells = own_state(band.rows[2]);
    std::byte* out = band.out[0];
    for (int x = task.out_width; x > 0; --x, in += 4 * inputs, out += 4 * units) {
      const std::byte *bias = from.at, *weights = bias + 16 * units;
      for (int u = 0; u < units; ++u) {
        float gates[4]{};
        for (float& gate : gates) {
          gate = dot(in, weights, inputs, load_aligned<float>(bias));
          weights += 4 * inputs;
          gate = dot(hidden, weights, units, gate);
          weights += 4 * units;
          bias += 4;
        }
        float memory = logistic(gates[forget_gate]) * load_aligned<float>(cells + 4 * u) +
                       logistic(gates[input_gate]) * floating_point::tanh(gates[cell_gate]);
        if (clip > 0) memory = clamp(memory, {-clip, clip});
        store_aligned(cells + 4 * u, memory);
        store_aligned(out + 4 * u, logistic(gates[output_gate]) * floating_point::tanh(memory));
      }
      copy_bytes(hidden, out, 4 * units);
    }
  }
};

}  // namespace graven::core::scalar_isa
