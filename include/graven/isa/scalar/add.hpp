// The sum of two rows, one of which may be broadcast.
#pragma once

#include "graven/kernel/prefer.hpp"
#include "graven/layers/add.hpp"
#include "graven/quant.hpp"

namespace graven::core::scalar_isa {

// Steps in elements from one pixel, and one channel, to the next; 0 where an input is broadcast.
struct Steps {
  int pixel, channel;
};
constexpr Steps broadcast_steps(Shape s) {
  return {s.width == 1 ? 0 : s.channels, s.channels == 1 ? 0 : 1};
}

// Stream: per input int32 pixel step, channel step, multiplier, shift, zero point; then the
// output's multiplier and shift (ADD of TFLM: 20 fractional bits).
struct AddInt8 : PlainKernel {
  static constexpr const char* name = "scalar.add";
  static constexpr bool serves(const GraphView& g, int value) {
    return makes<std::int8_t>(g, value, op::add);
  }
  static constexpr int stream_size(const GraphView&, const Value&) { return 48; }

  static constexpr void pack(const GraphView& g, const Value& v, const Parameters&, Writer& to) {
    const AddMultipliers m = multipliers(g, v);
    for (int k = 0; k < 2; ++k) {
      const Steps steps = broadcast_steps(g.input(v, k).shape);
      to.put<std::int32_t>(steps.pixel);
      to.put<std::int32_t>(steps.channel);
      to.put<std::int32_t>(m.inputs[k].multiplier);
      to.put<std::int32_t>(m.inputs[k].shift);
      to.put<std::int32_t>(g.source(v, k).quant.zero_point);
    }
    to.put<std::int32_t>(m.sum.multiplier);
    to.put<std::int32_t>(m.sum.shift);
  }
  static constexpr AddMultipliers multipliers(const GraphView& g, const Value& v) {
    return add_multipliers(g.source(v, 0).quant.scale, g.source(v, 1).quant.scale, v.quant.scale);
  }
  // Do two int8 inputs of the output's shape come in?
  static constexpr bool is_plain(const GraphView& g, const Value& v) {
    return v.op == op::add && g.source(v, 0).element == Element::int8 &&
           g.source(v, 1).element == Element::int8 && g.input(v, 0).shape == v.shape &&
           g.input(v, 1).shape == v.shape;
  }

  struct Operand {
    Steps steps;
    Multiplier multiplier;
    std::int32_t zero;

    explicit constexpr Operand(Reader& from)
        : steps{from.next<std::int32_t>(), from.next<std::int32_t>()},
          multiplier{from.next<std::int32_t>(), from.next<std::int32_t>()},
          zero(from.next<std::int32_t>()) {}

    constexpr std::int32_t term(const std::byte* at) const {
      return requantize((load<std::int8_t>(at) - zero) * (1 << 20), multiplier);
    }
  };

  static constexpr void run(const Task& task, const Band& band) {
    const Task t = task;
    Reader from{t.stream};
    const Operand a(from), b(from);
    const std::int32_t multiplier = from.next<std::int32_t>(), shift = from.next<std::int32_t>();
    const std::byte* row_a = band.rows[0];
    const std::byte* row_b = band.rows[t.rows];
    std::byte* out = band.out[0];
    for (int x = 0; x < t.out_width; ++x, row_a += a.steps.pixel, row_b += b.steps.pixel)
      for (int c = 0; c < t.out_channels; ++c) {
        const std::int32_t sum =
            a.term(row_a + c * a.steps.channel) + b.term(row_b + c * b.steps.channel);
        const std::int32_t y = requantize(sum, {multiplier, shift}) + t.out_zero;
        store(out++, static_cast<std::int8_t>(clamp(y, {t.low, t.high})));
      }
  }
};

// The right shifts of both operands and of the sum of an ADD of equal shapes. A term of shift 0 is
// half its operand exactly: its multiplier is 2^30.
struct AddShifts {
  int a, b, out;

  static constexpr AddShifts of(const GraphView& g, const Value& v) {
    const AddMultipliers m = AddInt8::multipliers(g, v);
    return {-m.inputs[0].shift, -m.inputs[1].shift, -m.sum.shift};
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

// Stream: float low, high; per input int32 pixel step, channel step.
template <class Combine> struct BinaryFloat32 : PlainKernel {
  static constexpr int stream_size(const GraphView&, const Value&) { return 24; }

  static constexpr void pack(const GraphView& g, const Value& v, const Parameters&, Writer& to) {
    const RealClamp range = real_range(v.activation);
    to.put(range.low);
    to.put(range.high);
    for (int k = 0; k < 2; ++k) {
      const Steps steps = broadcast_steps(g.input(v, k).shape);
      to.put<std::int32_t>(4 * steps.pixel);
      to.put<std::int32_t>(4 * steps.channel);
    }
  }
  static constexpr void run(const Task& task, const Band& band) {
    const Task t = task;
    Reader from{t.stream};
    const RealClamp range{from.next<float>(), from.next<float>()};
    const Steps a{from.next<std::int32_t>(), from.next<std::int32_t>()};
    const Steps b{from.next<std::int32_t>(), from.next<std::int32_t>()};
    const std::byte* row_a = band.rows[0];
    const std::byte* row_b = band.rows[t.rows];
    std::byte* out = band.out[0];
    for (int x = 0; x < t.out_width; ++x, row_a += a.pixel, row_b += b.pixel)
      for (int c = 0; c < t.out_channels; ++c, out += 4)
        store(out, clamp(Combine::of(load<float>(row_a + c * a.channel),
                                     load<float>(row_b + c * b.channel)),
                         range));
  }
};

struct Sum {
  static constexpr float of(float a, float b) { return a + b; }
};
struct AddFloat32 : BinaryFloat32<Sum> {
  static constexpr const char* name = "scalar.add";
  static constexpr bool serves(const GraphView& g, int value) {
    return makes<float>(g, value, op::add);
  }
};

}  // namespace graven::core::scalar_isa
