// Recurrent cells: four outputs share each load of the inputs, sixteen of them at a time, and are
// rounded as one vector. Outputs are the gates of units one after the other.
#pragma once

#if defined(__ARM_FEATURE_MVE)

#include "graven/isa/mve/requantize.hpp"
#include "graven/isa/scalar/recurrent_integer.hpp"

#include <arm_mve.h>

namespace graven::core::mve_isa {

// Stream: scalar's numbers; per four outputs the starts, multipliers, shifts to the left and to the
// right of the sums of the input, then of the hidden state; then per four outputs the weights, 16
// of each at a time (at the end of a row, what is left of each). 16 bytes more may be read.
template <template <class> class CellOf>
struct Cells : scalar_isa::IntegerCells<CellOf, std::int8_t> {
  using Base = scalar_isa::IntegerCells<CellOf, std::int8_t>;
  using Base::gates, Base::header;
  using typename Base::Cell, typename Base::Numbers;
  using Parts = scalar_isa::Parts;
  static constexpr const char* name = gates == 4   ? "mve.lstm"
                                      : gates == 3 ? "mve.gru"
                                                   : "mve.simple_rnn";
  enum Program { vectors, bytes };
  static constexpr int programs = 2, record = 2 * 4 * 16;  // of four outputs
  static constexpr int block = gates == 4 ? 1 : 4,
                       fours = block * gates / 4;  // units of whole fours

  static constexpr int all_fours(int units) { return (units + block - 1) / block * fours; }
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
  [[gnu::always_inline]] static int32x4_t rounded(const std::byte* at, const std::byte* data,
                                                  const std::int8_t*& w, int count) {
    const auto* words = reinterpret_cast<const std::int32_t*>(at);
    std::int32_t sums[4]{words[0], words[1], words[2], words[3]};
    const auto* x = reinterpret_cast<const std::int8_t*>(data);
    for (; count >= 16; count -= 16, x += 16, w += 64) {
      const int8x16_t in = vldrbq_s8(x);
      for (int i = 0; i < 4; ++i) sums[i] = vmladavaq_s8(sums[i], in, vldrbq_s8(w + 16 * i));
    }
    if (count > 0) {
      const int8x16_t in = vldrbq_z_s8(x, vctp8q(static_cast<std::uint32_t>(count)));
      for (int i = 0; i < 4; ++i, w += count) sums[i] = vmladavaq_s8(sums[i], in, vldrbq_s8(w));
    }
    const int32x4_t left = vldrwq_s32(words + 8), right = vldrwq_s32(words + 12);
    const int32x4_t all = vshlq_s32(vldrwq_s32(sums), left);
    const int32x4_t high = vqrdmulhq_s32(all, vldrwq_s32(words + 4));
    // Of negative numbers ties go down: one less before the shift, where there is one.
    const int32x4_t fix = vshrq_n_s32(vandq_s32(high, right), 31);
    const int32x4_t found = vrshlq_s32(vqaddq_s32(high, fix), right);
    return vmaxq_s32(vminq_s32(found, vdupq_n_s32(32767)), vdupq_n_s32(-32768));
  }

  template <int program> static void run(const Task& task, const Band& band) {
    if constexpr (program == bytes) {
      Base::run(task, band);
    } else {
      const Numbers& n = *reinterpret_cast<const Numbers*>(task.stream);
      const scalar_isa::States states(band, n.stateful != 0, n.units, Cell::memory * n.units,
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
    const scalar_isa::Roundings<Numbers> last{n};
    for (int left = n.units; left > 0; left -= block) {
      std::int32_t first[std::size_t{4 * fours}], second[std::size_t{4 * fours}];
      for (int four = 0; four < fours; ++four, at += record) {
        vstrwq_s32(first + 4 * four, rounded(at, in, w, n.inputs));
        vstrwq_s32(second + 4 * four, rounded(at + record / 2, states.hidden, w, n.units));
      }
      for (int u = 0; u < block && u < left; ++u, memory += Cell::memory) {
        Parts parts[std::size_t{gates}];
        for (int k = 0; k < gates; ++k) parts[k] = {first[u * gates + k], second[u * gates + k]};
        store(out++, Cell::finish(last, parts, memory));
      }
    }
  }
};

using AllCells = Prefer<Cells<scalar_isa::IntegerLstm>, Cells<scalar_isa::IntegerGru>,
                        Cells<scalar_isa::IntegerRnn>>;

}  // namespace graven::core::mve_isa

#endif
