// Two rows, element by element; one may be broadcast.
#pragma once

#include "graven/kernel/prefer.hpp"
#include "graven/quant.hpp"

namespace graven::core::scalar_isa {

// Steps in elements from one pixel, and one channel, to the next; 0 where an input is broadcast.
struct Steps {
  int pixel, channel;
};
constexpr Steps broadcast_steps(Shape s) {
  return {s.width == 1 ? 0 : s.channels, s.channels == 1 ? 0 : 1};
}

// Combine of both `Operand`s, rescaled to the output. Stream: two Operands, then the output's
// multiplier and shift.
template <class Operand, class Combine>
[[gnu::always_inline]] constexpr void combine_int8(const Task& task, const Band& band) {
  const Task t = task;
  Reader from{t.stream};
  const Operand a(from), b(from);
  const std::int32_t multiplier = from.next<std::int32_t>(), shift = from.next<std::int32_t>();
  const std::byte* row_a = band.rows[0];
  const std::byte* row_b = band.rows[t.rows];
  std::byte* out = band.out[0];
  for (int x = 0; x < t.out_width; ++x, row_a += a.steps.pixel, row_b += b.steps.pixel)
    for (int c = 0; c < t.out_channels; ++c) {
      const std::int32_t both =
          Combine::of(a.at(row_a + c * a.steps.channel), b.at(row_b + c * b.steps.channel));
      const std::int32_t y = requantize(both, {multiplier, shift}) + t.out_zero;
      store(out++, static_cast<std::int8_t>(clamp(y, {t.low, t.high})));
    }
}

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

}  // namespace graven::core::scalar_isa
