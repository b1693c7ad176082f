// Recurrent cells of float32 in the registers of an Arm FPU, or of Helium: the sums of gates, unit
// by unit, are outputs that are computed in blocks (real.hpp).
#pragma once

#if defined(__ARM_FP) && (__ARM_FP & 4)

#include "graven/isa/scalar/recurrent.hpp"
#include "graven/isa/shared/fpu/blocks.hpp"

namespace graven::core::fpu_isa {

// Packing chooses: blocks, or scalar's rows where the hidden state is reset before the products.
// Stream of blocks: RealNumbers; per eight units the starts of the sums of the input, of those of
// the hidden state, and the weights of both.
template <class CellType> struct Cells : scalar_isa::RealCells<CellType> {
  using Base = scalar_isa::RealCells<CellType>;
  using Base::gates, Base::header;
  using typename Base::Cell, typename Base::Numbers;
  static constexpr const char* name = gates == 4   ? "fpu.lstm"
                                      : gates == 3 ? "fpu.gru"
                                                   : "fpu.simple_rnn";
  enum Program { blocks, rows };
  static constexpr int programs = 2, group = 8;

  static constexpr int stream_size(const GraphView& g, const Value& v) {
    const int units = v.shape.channels;
    return header + 4 * gates * units * (2 + g.input(v).shape.channels + units);
  }
  static constexpr void pack(const GraphView& g, const Value& v, const Parameters& p, Writer& to) {
    const Numbers n = Base::numbers(g, v, p);
    to.program = scalar_isa::resets_before<Cell>(n.variant) ? rows : blocks;
    if (to.program == rows) return Base::pack(g, v, p, to);
    scalar_isa::put_numbers(to, n);
    for (int first = 0; first < n.units; first += group) {
      const int count = n.units - first < group ? n.units - first : group;
      const bool own = Cell::resets && p.find("recurrent_bias") >= 0;
      for (int u = first; u < first + count; ++u)
        for (const Gate& gate : Cell::gates)
          to.put(scalar_isa::constant_of(p, gate.bias).data.float32[u]);
      for (int u = first; u < first + count; ++u)
        for (int k = 0; k < gates; ++k)
          to.put(own && k == gates - 1
                     ? scalar_isa::constant_of(p, "recurrent_bias").data.float32[u]
                     : 0.0f);
      put_weights(to, p, first, count, n.inputs, &Gate::input);
      put_weights(to, p, first, count, n.units, &Gate::recurrent);
    }
  }
  static constexpr void put_weights(Writer& to, const Parameters& p, int first, int count, int taps,
                                    const char* Gate::*name_of_it) {
    if (to.skips(4 * gates * count * taps)) return;
    const float* weights[std::size_t{gates}]{};
    for (int k = 0; k < gates; ++k)
      weights[k] = scalar_isa::constant_of(p, Cell::gates[k].*name_of_it).data.float32;
    pack_blocks(gates * count, taps, to, [&](int o, int tap) {
      return weights[o % gates][(first + o / gates) * taps + tap];
    });
  }

  template <int program> static void run(const Task& task, const Band& band) {
    if constexpr (program == rows) {
      Base::run(task, band);
    } else {
      const auto n = scalar_isa::numbers_of<Numbers>(task.stream);
      const int row = 4 * n.units;
      const scalar_isa::States states(band, n.stateful != 0, row, Base::memory_size * n.units, 0);
      const std::byte* in = band.rows[0];
      std::byte* out = band.out[0];
      for (int x = task.out_width; x > 0; --x, in += 4 * n.inputs, out += row) {
        moment(task.stream + header, n, in, states, out);
        copy_bytes(states.hidden, out, row);
      }
    }
  }
  [[gnu::noinline]] static void moment(const std::byte* stream, const Numbers& n,
                                       const std::byte* in, const scalar_isa::States& states,
                                       std::byte* out) {
    const std::byte* at = stream;
    for (int first = 0; first < n.units; first += group) {
      const int units = n.units - first < group ? n.units - first : group, count = gates * units;
      const auto* starts = reinterpret_cast<const float*>(at);
      float data[std::size_t{gates * group}], hidden[std::size_t{gates * group}];
      at += 8 * count;
      add_blocks<true>(data, starts, count, {&in, 0, 1, n.inputs}, at);
      at += 4 * count * n.inputs;
      const std::byte* const kept = states.hidden;
      add_blocks<true>(hidden, starts + count, count, {&kept, 0, 1, n.units}, at);
      at += 4 * count * n.units;
      for (int u = 0; u < units; ++u) {
        scalar_isa::Sums<float> s[std::size_t{gates}];
        for (int k = 0; k < gates; ++k) s[k] = {data[u * gates + k], hidden[u * gates + k]};
        Base::put(n, s, states, first + u, out);
      }
    }
  }
};

using AllCells =
    Prefer<Cells<scalar_isa::RealLstm>, Cells<scalar_isa::RealGru>, Cells<scalar_isa::RealRnn>>;

}  // namespace graven::core::fpu_isa

#endif
