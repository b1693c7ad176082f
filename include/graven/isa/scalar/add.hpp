// The sum of two rows, one of which may be broadcast.
#pragma once

#include "graven/isa/scalar/binary.hpp"
#include "graven/kernel/multiplier.hpp"
#include "graven/layers/add.hpp"

namespace graven::core::scalar_isa {

// ADD of TFLM: 20 fractional bits, of int16 15. Stream: two Terms, then the output's multiplier and
// shift.
template <class T, int left> struct AddQuantized : PlainKernel {
  using Operand = Term<left, T>;
  static constexpr const char* name = "scalar.add";
  static constexpr bool serves(const GraphView& g, int value) {
    return makes<T>(g, value, op::add);
  }
  static constexpr int stream_size(const GraphView&, const Value&) { return 48; }

  static constexpr void pack(const GraphView& g, const Value& v, const Parameters&, Writer& to) {
    const AddMultipliers m = multipliers(g, v);
    for (int k = 0; k < 2; ++k) Operand::pack(g, v, k, m.inputs[k], to);
    put_multiplier(to, m.sum);
  }
  static constexpr AddMultipliers multipliers(const GraphView& g, const Value& v) {
    return add_multipliers<left>(g.source(v, 0).quant.scale, g.source(v, 1).quant.scale,
                                 v.quant.scale);
  }
  // Do both inputs have the output's shape?
  static constexpr bool is_plain(const GraphView& g, const Value& v) {
    return g.input(v, 0).shape == v.shape && g.input(v, 1).shape == v.shape;
  }

  static constexpr void run(const Task& task, const Band& band) {
    combine_quantized<Operand, Sum>(task, band);
  }
};
using AddInt8 = AddQuantized<std::int8_t, 20>;
using AddInt16 = AddQuantized<std::int16_t, 15>;

// The right shifts of both operands and of the sum of an ADD of equal shapes. A term of shift 0 is
// half its operand exactly: its multiplier is 2^30. One of multiplier 0, of which nothing is left
// beside the other, has a shift beyond all words.
struct AddShifts {
  int a, b, out;

  template <class Adding = AddInt8>
  static constexpr AddShifts of(const GraphView& g, const Value& v) {
    const AddMultipliers m = Adding::multipliers(g, v);
    const auto right = [](Multiplier each) { return each.multiplier == 0 ? 32 : -each.shift; };
    return {right(m.inputs[0]), right(m.inputs[1]), right(m.sum)};
  }
  constexpr bool within(int most) const {
    return a >= 0 && a <= most && b >= 0 && b <= most && out >= 1 && out <= most;
  }
  // Puts -zero << lead (or 19, where the shift is 0) and the multiplier of each operand, then the
  // multiplier of the sum.
  constexpr void pack(const GraphView& g, const Value& v, Writer& to, int lead) const {
    const AddMultipliers m = AddInt8::multipliers(g, v);
    for (int k = 0; k < 2; ++k) {
      const int left = (k == 0 ? a : b) == 0 ? 19 : lead;
      to.put(static_cast<std::int32_t>(-g.source(v, k).quant.zero_point * (1 << left)));
      to.put(m.inputs[k].multiplier);
    }
    to.put(m.sum.multiplier);
  }
};

template <class T> struct AddPlain : Combined<Sum, T> {
  static constexpr const char* name = "scalar.add";
  static constexpr bool serves(const GraphView& g, int value) {
    return makes<T>(g, value, op::add);
  }
};

}  // namespace graven::core::scalar_isa
