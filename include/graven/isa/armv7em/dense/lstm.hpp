// LSTM: the four gates of a unit are four outputs that share each load of the inputs (sums.hpp).
#pragma once

#if defined(__ARM_FEATURE_SIMD32) && defined(__thumb2__)

#include "graven/isa/armv7em/dense/sums.hpp"
#include "graven/isa/scalar/lstm.hpp"

namespace graven::core::armv7em_isa {

// Packing chooses: all units by fours, or scalar's bytes where two weights do not fit a halfword or
// a sum not 24 bits. Stream: scalar's; by fours the weights of a unit's gates are add_quads'.
struct Lstm : scalar_isa::Lstm<std::int8_t> {
  using Base = scalar_isa::Lstm<std::int8_t>;
  static constexpr const char* name = "armv7em.lstm";
  enum Program { fours, bytes };
  static constexpr int programs = 2;

  static constexpr int stream_size(const GraphView& g, const Value& v) {
    const int units = v.shape.channels;
    return header + 4 * units * (2 * sum_size + round4(g.input(v).shape.channels) + round4(units));
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
      return reach < 1 << 16;
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
    to.program = fits(p, units, inputs) ? fours : bytes;
    if (to.program == bytes) return Base::pack(g, v, p, to);
    pack_starts(g, v, p, to);
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
        moment(task.stream, n, Inputs(in, n.inputs), Inputs(hidden, n.units), out,
               scalar_isa::own_state(band.rows[2]));
        copy_bytes(hidden, out, n.units);
      }
    }
  }
  using LstmNumbers = scalar_isa::LstmNumbers;
  [[gnu::noinline]] GRAVEN_OPTIMIZE("no-schedule-insns") static void moment(
      const std::byte* stream, const LstmNumbers& n, const Inputs& data, const Inputs& hidden,
      std::byte* out, std::byte* cell) {
    const std::byte *start = stream + header, *weights = start + 32 * n.units;
    const int of_input = 4 * round4(n.inputs), of_hidden = 4 * round4(n.units);
    for (int u = n.units; u > 0; --u, cell += 2) {
      const Four first = sums(data, weights);
      weights += of_input;
      const Four second = sums(hidden, weights);
      weights += of_hidden;
      std::int32_t gates[4];
      for (int k = 0; k < 4; ++k, start += 8)
        gates[k] = gate(n, k, first.gate[k] + load_aligned<std::int32_t>(start),
                        second.gate[k] + load_aligned<std::int32_t>(start + 4));
      store(out++, finish(n, gates, cell));
    }
  }
};

}  // namespace graven::core::armv7em_isa

#endif
