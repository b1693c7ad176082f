// Recurrent cells of int8 or int16 activations: each sum is rounded to 16 bits, gates are TFLite's
// tables (fixed_point.hpp).
#pragma once

#include "graven/fixed_point.hpp"
#include "graven/isa/scalar/recurrent.hpp"

#include <limits>

namespace graven::core::scalar_isa {

// In front of a cell's stream. `hidden` brings what `finish` yields to the hidden state; kept,
// entered, shift and clip are the LSTM's: of cell * forget and input * cell gate, tanh of 3 * cell
// * 2^shift, the cell state's largest number (0: none).
template <int gates> struct CellNumbers {
  Multiplier input[std::size_t{gates}], recurrent[std::size_t{gates}];
  Multiplier kept, entered, hidden;
  std::int32_t units, inputs, zero, stateful, variant, shift, clip;
};

template <class T> struct SumsOf;
template <> struct SumsOf<std::int8_t> {
  using Sum = std::int32_t;
  static constexpr std::int32_t rescaled(Sum sum, Multiplier m) { return requantize(sum, m); }
  static constexpr Multiplier multiplier(Multiplier m) { return m; }
};
template <> struct SumsOf<std::int16_t> {
  using Sum = std::int64_t;
  static constexpr std::int32_t rescaled(Sum sum, Multiplier m) { return requantize_wide(sum, m); }
  static constexpr Multiplier multiplier(Multiplier m) { return narrow(m); }
};

constexpr Clamp int16_range{-32768, 32767};
using Parts = Sums<std::int32_t>;  // each rounded to 16 bits: Q3.12, as functions take it

// The roundings of a cell's numbers; instruction sets have faster ones of the same results.
template <class NumbersType> struct Roundings {
  const NumbersType& n;

  static constexpr std::int32_t int16(std::int32_t x) { return clamp(x, int16_range); }
  constexpr std::int32_t kept(std::int32_t x) const { return int16(requantize(x, n.kept)); }
  constexpr std::int32_t entered(std::int32_t x) const { return int16(requantize(x, n.entered)); }
  // What a cell yields, as a hidden state.
  template <class T> constexpr T hidden(std::int32_t x) const {
    constexpr Clamp range{(std::numeric_limits<T>::min)(), (std::numeric_limits<T>::max)()};
    return static_cast<T>(clamp(requantize(x, n.hidden) + n.zero, range));
  }
};

// Gates, whose sum of both parts has 16 bits again, in Q0.15.
template <class R> constexpr std::int32_t logistic_of(const R& r, const Parts& p) {
  return fixed_point::logistic16(3 * r.int16(p.input + p.recurrent));
}
template <class R> constexpr std::int32_t tanh_of(const R& r, const Parts& p) {
  return fixed_point::tanh16(3 * r.int16(p.input + p.recurrent));
}
constexpr std::int32_t q15(std::int32_t product) { return (product + (1 << 14)) >> 15; }
constexpr double unit_q15 = 1.0 / 32768, unit_q12 = 1.0 / 4096;

template <class T> struct IntegerLstm : RealLstm {
  using Numbers = CellNumbers<4>;
  static constexpr int memory_size = 2;                                    // bytes per unit
  static constexpr double unit(std::int32_t, double) { return unit_q12; }  // of rounded sums

  static constexpr void complete(Numbers& n, const Parameters& p, double hidden) {
    const double cell = static_cast<double>(constant_of(p, "memory").scale.float32[0]);
    n.kept = quantize_multiplier(unit_q15);
    n.entered = quantize_multiplier(unit_q15 * unit_q15 / cell);
    n.hidden = quantize_multiplier(unit_q15 * unit_q15 / hidden);
    for (double scale = cell * 4096; scale < 1; scale *= 2) --n.shift;
    for (double scale = cell * 4096; scale > 1; scale /= 2) ++n.shift;
    if (p.find("clip") >= 0) n.clip = constant_of(p, "clip").data.int16[0];
  }
  // The cell state times three, as Q3.12.
  static constexpr std::int32_t scaled(const Numbers& n, std::int32_t cell) {
    return n.shift >= 0 ? 3 * cell * (1 << n.shift)
                        : (3 * cell + (1 << (-n.shift - 1))) >> -n.shift;
  }
  template <class R> static constexpr T finish(const R& r, const Parts* s, std::byte* cell) {
    const std::int32_t kept = logistic_of(r, s[1]) * load_aligned<std::int16_t>(cell);
    const std::int32_t entering = logistic_of(r, s[0]) * tanh_of(r, s[2]);
    std::int32_t next = r.int16(r.kept(kept) + r.entered(entering));
    if (r.n.clip > 0) next = clamp(next, {-r.n.clip, r.n.clip});
    store_aligned(cell, static_cast<std::int16_t>(next));
    return r.template hidden<T>(fixed_point::tanh16(scaled(r.n, next)) * logistic_of(r, s[3]));
  }
};

template <class T> struct IntegerGru : RealGru {
  using Numbers = CellNumbers<3>;
  static constexpr int memory_size = 2;
  static constexpr double unit(std::int32_t, double) { return unit_q12; }

  static constexpr void complete(Numbers& n, const Parameters&, double hidden) {
    n.hidden = quantize_multiplier(unit_q15 / hidden);
  }
  // `kept` is the hidden state in units of 2^-15.
  template <class R> static constexpr T finish(const R& r, const Parts* s, std::byte* kept) {
    Parts sum = s[2];
    if (r.n.variant == static_cast<int>(Reset::after))
      sum.recurrent = q15(logistic_of(r, s[1]) * sum.recurrent);
    const std::int32_t offered = tanh_of(r, sum), old = load_aligned<std::int16_t>(kept);
    const std::int32_t hidden = offered + q15(logistic_of(r, s[0]) * (old - offered));
    store_aligned(kept, static_cast<std::int16_t>(hidden));
    return r.template hidden<T>(hidden);
  }
  // What the products of the gate `new` read of the hidden state.
  template <class R> static constexpr T reset(const R& r, const Parts& s, const std::byte* kept) {
    return r.template hidden<T>(q15(logistic_of(r, s) * load_aligned<std::int16_t>(kept)));
  }
};

template <class T> struct IntegerRnn : RealRnn {
  using Numbers = CellNumbers<1>;
  static constexpr int memory_size = 0;
  static constexpr bool is_relu(std::int32_t variant) {
    return variant == static_cast<int>(Squash::relu);
  }
  // relu: a hidden state of int8 has seven bits behind its point.
  static constexpr double unit(std::int32_t variant, double hidden) {
    return !is_relu(variant) ? unit_q12 : sizeof(T) == 1 ? hidden / 128 : hidden;
  }

  static constexpr void complete(Numbers& n, const Parameters&, double hidden) {
    const double yields = is_relu(n.variant) ? unit(n.variant, hidden) : unit_q15;
    n.hidden = quantize_multiplier(yields / hidden);
  }
  template <class R> static constexpr T finish(const R& r, const Parts* s, std::byte*) {
    if (!is_relu(r.n.variant)) return r.template hidden<T>(tanh_of(r, s[0]));
    const std::int32_t sum = r.int16(s[0].input + s[0].recurrent);
    return r.template hidden<T>(sum > 0 ? sum : 0);
  }
};

// Activations of T, int8 or int16. Stream: CellNumbers; per unit and gate the sums' starts, then
// per unit and gate the weights of the input and of the hidden state.
template <template <class> class CellOf, class T> struct IntegerCells : PlainKernel {
  using Cell = CellOf<T>;
  using Numbers = typename Cell::Numbers;
  using Arithmetic = SumsOf<T>;
  using Sum = typename Arithmetic::Sum;
  static constexpr const char* name = Cell::name;
  static constexpr bool holds_weights = true;
  static constexpr int gates = std::size(Cell::gates), header = sizeof(Numbers);
  static constexpr int size = sizeof(T), sum_size = sizeof(Sum), starts = 2 * gates * sum_size;
  static constexpr int memory_size = Cell::memory_size;
  static constexpr int zero(const Numbers& n) { return n.zero; }

  static constexpr bool serves(const GraphView& g, int value) {
    return is_cell(g, value, Cell::op, size == 1 ? Element::int8 : Element::int16);
  }
  static constexpr int scratch(const GraphView&, const Value& v) {
    const auto [stateful, variant] = v.options.get<CellOptions>();
    const int row = size * v.shape.channels;
    return States::scratch_size(stateful != 0, row, Cell::memory_size * v.shape.channels) +
           (resets_before<Cell>(variant) ? row : 0);
  }
  static constexpr int stream_size(const GraphView& g, const Value& v) {
    const int units = v.shape.channels;
    return header + units * (starts + gates * (g.input(v).shape.channels + units));
  }

  static constexpr Numbers numbers(const GraphView& g, const Value& v, const Parameters& p) {
    const core::Constant& state = constant_of(p, "hidden");
    const float hidden = state.scale.float32[0];
    const auto [stateful, variant] = v.options.get<CellOptions>();
    Numbers n{};
    n.units = v.shape.channels;
    n.inputs = g.input(v).shape.channels;
    n.zero = state.zero_point;
    n.stateful = stateful;
    n.variant = variant;
    const double unit = Cell::unit(variant, static_cast<double>(hidden));
    const auto of_sum = [&](float data, const char* weights) {  // in double, as TFLM
      const float scale = constant_of(p, weights).scale.float32[0];
      const double product = static_cast<double>(data) * static_cast<double>(scale);
      return Arithmetic::multiplier(quantize_multiplier(product / unit));
    };
    for (int k = 0; k < gates; ++k) {
      n.input[k] = of_sum(g.source(v).quant.scale, Cell::gates[k].input);
      n.recurrent[k] = of_sum(hidden, Cell::gates[k].recurrent);
    }
    Cell::complete(n, p, static_cast<double>(hidden));
    return n;
  }
  // Where the sum of a unit's weights begins: the bias, less the zero point of all data.
  static constexpr Sum start(const core::Constant& weights, int unit, int count, int zero) {
    Sum sum = 0;
    for (int i = 0; zero != 0 && i < count; ++i) sum -= zero * weights.data.int8[unit * count + i];
    return sum;
  }
  static constexpr Sum bias(const Parameters& p, const char* name_of_it, int unit) {
    const int index = p.find(name_of_it);
    if (index < 0) return 0;
    const Array& data = p.constants[index].data;
    return size == 1 ? Sum{data.int32[unit]} : static_cast<Sum>(data.int64[unit]);
  }
  // The numbers, and where all sums begin.
  static constexpr void pack_starts(const GraphView& g, const Value& v, const Parameters& p,
                                    Writer& to) {
    const Numbers n = numbers(g, v, p);
    put_numbers(to, n);
    const int zero = g.source(v).quant.zero_point;
    for (int u = 0; u < n.units; ++u)
      for (int k = 0; k < gates; ++k) {
        if (to.skips(2 * sum_size)) continue;
        const Gate& gate = Cell::gates[k];
        const Sum own = Cell::resets && k == 2 ? bias(p, "recurrent_bias", u) : 0;
        to.put(static_cast<Sum>(bias(p, gate.bias, u) +
                                start(constant_of(p, gate.input), u, n.inputs, zero)));
        to.put(static_cast<Sum>(own + start(constant_of(p, gate.recurrent), u, n.units, n.zero)));
      }
  }
  static constexpr void pack(const GraphView& g, const Value& v, const Parameters& p, Writer& to) {
    const int units = v.shape.channels, inputs = g.input(v).shape.channels;
    pack_starts(g, v, p, to);
    for (int u = 0; u < units; ++u)
      for (const Gate& gate : Cell::gates) {
        to.copy(constant_of(p, gate.input).data.int8 + u * inputs, inputs);
        to.copy(constant_of(p, gate.recurrent).data.int8 + u * units, units);
      }
  }

  static constexpr Sum dot(const std::byte* data, const std::byte* weights, int count, Sum sum) {
    for (int i = 0; i < count; ++i, data += size)
      sum += load<T>(data) * load<std::int8_t>(weights + i);
    return sum;
  }
  static constexpr Parts rounded(const Numbers& n, int gate, Sum input, Sum recurrent) {
    return {clamp(Arithmetic::rescaled(input, n.input[gate]), int16_range),
            clamp(Arithmetic::rescaled(recurrent, n.recurrent[gate]), int16_range)};
  }
  static constexpr std::byte* memory_of(const States& states, int unit) {
    return states.memory + Cell::memory_size * unit;
  }

  // One moment by the bytes of the stream.
  struct Moment {
    const Numbers& n;
    const std::byte *in, *stream;

    constexpr Parts sums(int unit, int gate, const std::byte* hidden) const {
      const std::byte* begin = stream + header + unit * starts + 2 * gate * sum_size;
      const std::byte* w =
          stream + header + n.units * starts + (unit * gates + gate) * (n.inputs + n.units);
      return rounded(n, gate, dot(in, w, n.inputs, load_aligned<Sum>(begin)),
                     dot(hidden, w + n.inputs, n.units, load_aligned<Sum>(begin + sum_size)));
    }
  };
  static constexpr void put_reset(const Numbers& n, const Parts& s, const States& states,
                                  int unit) {
    const Roundings<Numbers> rounding{n};
    store(states.scratch + size * unit, Cell::reset(rounding, s, memory_of(states, unit)));
  }
  static constexpr void put(const Numbers& n, const Parts* s, const States& states, int unit,
                            std::byte* out) {
    const Roundings<Numbers> rounding{n};
    store(out + size * unit, Cell::finish(rounding, s, memory_of(states, unit)));
  }
  static constexpr void run(const Task& task, const Band& band) {
    run_cells<IntegerCells>(task, band);
  }
};

}  // namespace graven::core::scalar_isa
