// LSTM: the four gates of a unit are four outputs that share each load of the inputs (sums.hpp).
#pragma once

#if defined(__ARM_FEATURE_SIMD32) && defined(__thumb2__)

#include "graven/isa/armv7em/dense/sums.hpp"
#include "graven/isa/scalar/lstm.hpp"

namespace graven::core::armv7em_isa {

// requantize in five instructions, of sums below 2^24 or, without a left shift, below 2^30.
struct Rounding {
  std::int32_t left, multiplier, sign, half, right;

  static constexpr bool serves(Multiplier m) { return m.shift <= 5 && m.shift >= -30; }
  static constexpr Rounding of(Multiplier m) {
    const int right = m.shift < 0 ? -m.shift : 0, left = m.shift > 0 ? m.shift : 0;
    return {left + 1, m.multiplier, right > 0 ? -1 : 0, right > 0 ? 1 << (right - 1) : 0, right};
  }
  // What requantize() gives. rights: the shift goes to the right.
  template <bool rights> [[gnu::always_inline]] std::int32_t wide(std::int32_t acc) const {
    const std::int32_t twice = rights ? acc * 2 : shift_left(acc, left);
    const std::int32_t round = rights ? half + (acc >> 31) : half + ((acc >> 31) & sign);
    return shift_right(smmlar(twice, multiplier, round), right);
  }
  template <bool rights> [[gnu::always_inline]] std::int32_t int16(std::int32_t acc) const {
    return saturate_int16(wide<rights>(acc));
  }
};

// Packing chooses: all units by fours (rights: no multiplier shifts to the left), or scalar's bytes
// where two weights do not fit a halfword, a sum not 24 bits, or a multiplier not Rounding. Stream:
// scalar's; by fours the roundings stand behind the numbers, and the weights of a unit's gates are
// add_quads'.
struct Lstm : scalar_isa::Lstm<std::int8_t> {
  using Base = scalar_isa::Lstm<std::int8_t>;
  using LstmNumbers = scalar_isa::LstmNumbers;
  static constexpr const char* name = "armv7em.lstm";
  enum Program { right_shifts, any_shifts, bytes };
  static constexpr int programs = 3;
  static constexpr int roundings = 11 * sizeof(Rounding);

  static constexpr int stream_size(const GraphView& g, const Value& v) {
    const int units = v.shape.channels;
    return header + roundings +
           4 * units * (2 * sum_size + round4(g.input(v).shape.channels) + round4(units));
  }

  // Weights of a unit, of the input or of the hidden state.
  struct Rows {
    const std::int8_t* gate[4];
    int count;

    constexpr int operator()(int k, int i) const { return i < count ? gate[k][i] : 0; }
    // As halfwords 256 * high + low.
    constexpr bool fits(int low, int high) const {
      int reach = 0;
      for (int i = 0; i < count; ++i) {
        const int w = gate[high][i];
        if (w == -128 && gate[low][i] < 0) return false;
        reach += w < 0 ? -w : w;
      }
      return reach < 1 << 15;  // with the zero point's share and the bias below 2^24
    }
    constexpr std::uint32_t half(int low, int high, int i) const {
      return static_cast<std::uint32_t>(256 * (*this)(high, i) + (*this)(low, i)) & 0xffff;
    }
    constexpr void put(Writer& to, int low, int high, int i) const {
      to.put(half(low, high, i) | half(low, high, i + 2) << 16);
    }
  };
  static constexpr Rows rows_of(const Parameters& p, bool recurrent, int unit, int count) {
    Rows rows{{}, count};
    for (int k = 0; k < 4; ++k) {
      const scalar_isa::LstmGate& gate = scalar_isa::lstm_gates[k];
      const char* name_of_it = recurrent ? gate.recurrent : gate.input;
      rows.gate[k] = scalar_isa::constant_of(p, name_of_it).data.int8 + unit * count;
    }
    return rows;
  }
  static constexpr std::array<Multiplier, 11> multipliers(const LstmNumbers& n) {
    return {n.input[0], n.recurrent[0], n.input[1], n.recurrent[1], n.input[2], n.recurrent[2],
            n.input[3], n.recurrent[3], n.kept,     n.entered,      n.hidden};
  }
  static constexpr bool fits(const LstmNumbers& n, const Parameters& p) {
    for (const Multiplier m : multipliers(n))
      if (!Rounding::serves(m)) return false;
    if (n.kept.shift >= 0 || n.entered.shift >= 0 || n.hidden.shift >= 0) return false;
    for (int u = 0; u < n.units; ++u)
      for (const scalar_isa::LstmGate& gate : scalar_isa::lstm_gates)
        if (const int bias = scalar_isa::constant_of(p, gate.bias).data.int32[u];
            bias >= 1 << 22 || bias <= -(1 << 22))
          return false;
    return fits(p, n.units, n.inputs);
  }
  static constexpr bool fits(const Parameters& p, int units, int inputs) {
    for (int u = 0; u < units; ++u)
      for (const bool recurrent : {false, true}) {
        const Rows rows = rows_of(p, recurrent, u, recurrent ? units : inputs);
        if (!rows.fits(0, 1) || !rows.fits(2, 3)) return false;
      }
    return true;
  }
  static constexpr void put_fours(Writer& to, const Rows& rows) {
    if (to.skips(4 * round4(rows.count))) return;
    for (int i = 0; i < rows.count; i += 4)
      for (int half = i; half < i + 2; ++half) {
        rows.put(to, 0, 1, half);
        rows.put(to, 2, 3, half);
      }
  }
  static constexpr void pack(const GraphView& g, const Value& v, const Parameters& p, Writer& to) {
    const int units = v.shape.channels, inputs = g.input(v).shape.channels;
    const LstmNumbers n = numbers(g, v, p);
    to.program = fits(n, p) ? right_shifts : bytes;
    for (const Multiplier m : multipliers(n))
      if (to.program == right_shifts && m.shift >= 0) to.program = any_shifts;
    if (to.program == bytes) return Base::pack(g, v, p, to);
    pack_starts(g, v, p, to);
    for (const Multiplier m : multipliers(n))
      for (const std::int32_t word : std::bit_cast<std::array<std::int32_t, 5>>(Rounding::of(m)))
        to.put(word);
    for (int u = 0; u < units; ++u) {
      put_fours(to, rows_of(p, false, u, inputs));
      put_fours(to, rows_of(p, true, u, units));
    }
  }

  // The sums of the gates, without what they start at.
  struct Four {
    std::int32_t gate[4];
  };
  [[gnu::always_inline]] static Four sums(const Inputs& in, const std::byte* weights) {
    FourSums s{0, 0, 0, 0};
    in.add(s, weights);
    return {{s.low_a, (s.high_a - s.low_a) >> 8, s.low_b, (s.high_b - s.low_b) >> 8}};
  }
  template <int program>
  GRAVEN_OPTIMIZE("no-schedule-insns")
  static void run(const Task& task, const Band& band) {
    if constexpr (program == bytes) {
      Base::run(task, band);
    } else {
      const LstmNumbers& n = *reinterpret_cast<const LstmNumbers*>(task.stream);
      const std::byte* in = band.rows[0];
      std::byte *hidden = scalar_isa::own_state(band.rows[1]), *out = band.out[0];
      for (int x = task.out_width; x > 0; --x, in += n.inputs, out += n.units) {
        moment<program == right_shifts>(task.stream, n, Inputs(in, n.inputs),
                                        Inputs(hidden, n.units), out,
                                        scalar_isa::own_state(band.rows[2]));
        copy_bytes(hidden, out, n.units);
      }
    }
  }
  template <bool rights>
  [[gnu::noinline]] GRAVEN_OPTIMIZE("no-schedule-insns") static void moment(
      const std::byte* stream, const LstmNumbers& n, const Inputs& data, const Inputs& hidden,
      std::byte* out, std::byte* cell) {
    const std::byte* start = stream + header;
    const auto* round = reinterpret_cast<const Rounding*>(start + 32 * n.units);
    const std::byte* weights = start + 32 * n.units + roundings;
    const int of_input = 4 * round4(n.inputs), of_hidden = 4 * round4(n.units);
    for (int u = n.units; u > 0; --u, cell += 2) {
      const Four first = sums(data, weights);
      weights += of_input;
      const Four second = sums(hidden, weights);
      weights += of_hidden;
      std::int32_t gates[4];
#pragma GCC unroll 4
      for (int k = 0; k < 4; ++k, start += 8)
        gates[k] = 3 * saturate_int16(round[2 * k].template int16<rights>(
                                          first.gate[k] + load_aligned<std::int32_t>(start)) +
                                      round[2 * k + 1].template int16<rights>(
                                          second.gate[k] + load_aligned<std::int32_t>(start + 4)));
      store(out++, finish(n, gates, round + 8, cell));
    }
  }
  // As scalar's. round: of what is kept, what enters, and the output.
  [[gnu::always_inline]] static std::int8_t finish(const LstmNumbers& n, const std::int32_t* gates,
                                                   const Rounding* round, std::byte* cell) {
    using fixed_point::logistic16, fixed_point::tanh16;
    const auto old = load_aligned<std::int16_t>(cell);
    const std::int32_t kept = logistic16(gates[scalar_isa::forget_gate]) * old;
    const std::int32_t entering =
        logistic16(gates[scalar_isa::input_gate]) * tanh16(gates[scalar_isa::cell_gate]);
    std::int32_t memory =
        saturate_int16(round[0].int16<true>(kept) + round[1].int16<true>(entering));
    if (n.clip > 0) memory = clamp(memory, {-n.clip, n.clip});
    store_aligned(cell, static_cast<std::int16_t>(memory));
    const std::int32_t product =
        tanh16(scaled(n, memory)) * logistic16(gates[scalar_isa::output_gate]);
    return static_cast<std::int8_t>(clamp(round[2].wide<true>(product) + n.zero, {-128, 127}));
  }
};

}  // namespace graven::core::armv7em_isa

#endif
