// Recurrent cells, four units at a time: four outputs, which are the gates of units one after the
// other, share each load of sixteen inputs and are rounded as one vector; gates.hpp does the rest.
#pragma once

#if defined(__ARM_FEATURE_MVE)

#include "graven/isa/mve/gates.hpp"

namespace graven::core::mve_isa {

// Stream: scalar's numbers; per four outputs the starts, multipliers, shifts to the left and to the
// right of the sums of the input, then of the hidden state; then per four outputs the weights, 16
// of each at a time (at the end of a row, what is left of each). 16 bytes more may be read.
template <template <class> class CellOf>
struct Cells : scalar_isa::IntegerCells<CellOf, std::int8_t> {
  using Base = scalar_isa::IntegerCells<CellOf, std::int8_t>;
  using Base::gates, Base::header;
  using typename Base::Cell, typename Base::Numbers;
  static constexpr const char* name = gates == 4   ? "mve.lstm"
                                      : gates == 3 ? "mve.gru"
                                                   : "mve.simple_rnn";
  enum Program { vectors, bytes };
  static constexpr int programs = 2, record = 2 * 4 * 16;  // of four outputs

  static constexpr int all_fours(int units) { return (units + 3) / 4 * gates; }
  static constexpr int stream_size(const GraphView& g, const Value& v) {
    const int units = v.shape.channels, inputs = g.input(v).shape.channels;
    const int mine = header + all_fours(units) * (record + 4 * (inputs + units)) + 16;
    const int plain = Base::stream_size(g, v);
    return plain > mine ? plain : mine;
  }

  static constexpr void pack(const GraphView& g, const Value& v, const Parameters& p, Writer& to) {
    const Numbers n = Base::numbers(g, v, p);
    to.program = scalar_isa::resets_before<Cell>(n.variant) ? bytes : vectors;
    if (to.program == bytes) return Base::pack(g, v, p, to);
    scalar_isa::put_numbers(to, n);
    const int outputs = gates * n.units, zero = g.source(v).quant.zero_point;
    for (int first = 0; first < 4 * all_fours(n.units); first += 4) {
      if (to.skips(record)) continue;
      for (const bool recurrent : {false, true}) {
        for (int o = first; o < first + 4; ++o)
          to.put(o < outputs ? start_of(p, n, recurrent, o, zero) : 0);
        const Multiplier* of_gates = recurrent ? n.recurrent : n.input;
        for (int o = first; o < first + 4; ++o) to.put(of_gates[o % gates].multiplier);
        for (int o = first; o < first + 4; ++o) to.put(left_of(of_gates[o % gates]));
        for (int o = first; o < first + 4; ++o) to.put(right_of(of_gates[o % gates]));
      }
    }
    for (int first = 0; first < 4 * all_fours(n.units); first += 4)
      for (const bool recurrent : {false, true}) put_weights(to, p, n, recurrent, first);
    for (int i = 0; i < 16; ++i) to.put(std::int8_t{0});
  }
  static constexpr std::int32_t left_of(Multiplier m) { return m.shift > 0 ? m.shift : 0; }
  static constexpr std::int32_t right_of(Multiplier m) { return m.shift < 0 ? m.shift : 0; }
  static constexpr std::int32_t start_of(const Parameters& p, const Numbers& n, bool recurrent,
                                         int output, int zero) {
    const Gate& gate = Cell::gates[output % gates];
    const int unit = output / gates;
    const core::Constant& weights =
        scalar_isa::constant_of(p, recurrent ? gate.recurrent : gate.input);
    const bool own = Cell::resets && output % gates == 2;
    if (!recurrent)
      return Base::bias(p, gate.bias, unit) + Base::start(weights, unit, n.inputs, zero);
    return (own ? Base::bias(p, "recurrent_bias", unit) : 0) +
           Base::start(weights, unit, n.units, n.zero);
  }
  static constexpr void put_weights(Writer& to, const Parameters& p, const Numbers& n,
                                    bool recurrent, int first) {
    const int count = recurrent ? n.units : n.inputs;
    if (to.skips(4 * count)) return;
    const std::int8_t* rows[4]{};
    for (int o = first; o < first + 4 && o < gates * n.units; ++o) {
      const Gate& gate = Cell::gates[o % gates];
      const char* weights = recurrent ? gate.recurrent : gate.input;
      rows[o - first] = scalar_isa::constant_of(p, weights).data.int8 + o / gates * count;
    }
    for (int k = 0; k < count; k += 16)
      for (const std::int8_t* row : rows)
        for (int i = k; i < k + 16 && i < count; ++i)
          to.put(row != nullptr ? row[i] : std::int8_t{0});
  }

  // Four sums, rounded to 16 bits.
  [[gnu::always_inline]] static Words rounded(const std::byte* at, const std::byte* data,
                                              const std::int8_t*& w, int count) {
    const auto* words = reinterpret_cast<const std::int32_t*>(at);
    const auto* x = reinterpret_cast<const std::int8_t*>(data);
    std::int32_t sums[4]{words[0], words[1], words[2], words[3]};
    const auto add = [&](int8x16_t in, int step) {  // by hand: g++ would keep the sums in memory
      sums[0] = vmladavaq_s8(sums[0], in, vldrbq_s8(w));
      sums[1] = vmladavaq_s8(sums[1], in, vldrbq_s8(w + step));
      sums[2] = vmladavaq_s8(sums[2], in, vldrbq_s8(w + 2 * step));
      sums[3] = vmladavaq_s8(sums[3], in, vldrbq_s8(w + 3 * step));
      w += 4 * step;
    };
    for (; count >= 16; count -= 16, x += 16) add(vldrbq_s8(x), 16);
    if (count > 0) add(vldrbq_z_s8(x, vctp8q(static_cast<std::uint32_t>(count))), count);
    return to_int16(requantized(vldrwq_s32(sums), vldrwq_s32(words + 4), vldrwq_s32(words + 8),
                                vldrwq_s32(words + 12)));
  }

  template <int program> static void run(const Task& task, const Band& band) {
    if constexpr (program == bytes) {
      Base::run(task, band);
    } else {
      const Numbers& n = *reinterpret_cast<const Numbers*>(task.stream);
      const scalar_isa::States states(band, n.stateful != 0, n.units, Cell::memory_size * n.units,
                                      n.zero);
      const std::byte* in = band.rows[0];
      std::byte* out = band.out[0];
      for (int x = task.out_width; x > 0; --x, in += n.inputs, out += n.units) {
        moment(task.stream, n, in, states, out);
        copy_bytes(states.hidden, out, n.units);
      }
    }
  }
  static void moment(const std::byte* stream, const Numbers& n, const std::byte* in,
                     const scalar_isa::States& states, std::byte* out) {
    const std::byte* at = stream + header;
    std::byte* memory = states.memory;
    const auto* w = reinterpret_cast<const std::int8_t*>(at) + all_fours(n.units) * record;
    for (int left = n.units; left > 0; left -= 4, out += 4, memory += 4 * Cell::memory_size) {
      std::int32_t first[std::size_t{4 * gates}], second[std::size_t{4 * gates}];
      for (int four = 0; four < gates; ++four, at += record) {
        vstrwq_s32(first + 4 * four, rounded(at, in, w, n.inputs));
        vstrwq_s32(second + 4 * four, rounded(at + record / 2, states.hidden, w, n.units));
      }
      const mve_pred16_t units = vctp32q(static_cast<std::uint32_t>(left));
      const FourUnits<gates> four{n, first, second, units};
      vstrbq_p_s32(reinterpret_cast<std::int8_t*>(out), four.finish(memory), units);
    }
  }
};

using AllCells = Prefer<Cells<scalar_isa::IntegerLstm>, Cells<scalar_isa::IntegerGru>,
                        Cells<scalar_isa::IntegerRnn>>;

}  // namespace graven::core::mve_isa

#endif
