// Two rows, element by element; one may be broadcast.
#pragma once

#include "graven/kernel/multiplier.hpp"
#include "graven/kernel/prefer.hpp"
#include "graven/quant.hpp"

#include <limits>
#include <type_traits>

namespace graven::core::scalar_isa {

// Steps in elements from one pixel, and one channel, to the next; 0 where an input is broadcast.
struct Steps {
  int pixel, channel;

  // In bytes, as all streams have them.
  constexpr void pack(Writer& to, int size) const {
    to.put<std::int32_t>(pixel * size);
    to.put<std::int32_t>(channel * size);
  }
};
constexpr Steps broadcast_steps(Shape s) {
  return {s.width == 1 ? 0 : s.channels, s.channels == 1 ? 0 : 1};
}
constexpr Steps next_steps(Reader& from) {
  return {from.next<std::int32_t>(), from.next<std::int32_t>()};
}

// out = element(a, b) along the row, for a and b at the elements of both inputs.
template <class R, class Element>
[[gnu::always_inline]] constexpr void combine_rows(const Task& t, const Band& band, Steps a,
                                                   Steps b, Element element) {
  const std::byte* row_a = band.rows[0];
  const std::byte* row_b = band.rows[t.rows];
  std::byte* out = band.out[0];
  for (int x = 0; x < t.out_width; ++x, row_a += a.pixel, row_b += b.pixel)
    for (int c = 0; c < t.out_channels; ++c, out += sizeof(R))
      store<R>(out, element(row_a + c * a.channel, row_b + c * b.channel));
}

// Combine of both `Operand`s, rescaled to the output. Stream: two Operands, then the output's
// multiplier and shift.
template <class Operand, class Combine>
[[gnu::always_inline]] constexpr void combine_quantized(const Task& task, const Band& band) {
  using T = typename Operand::Element;
  const Task t = task;
  Reader from{t.stream};
  const Operand a(from), b(from);
  const std::int32_t multiplier = from.next<std::int32_t>(), shift = from.next<std::int32_t>();
  combine_rows<T>(t, band, a.steps, b.steps, [&](const std::byte* at_a, const std::byte* at_b) {
    const std::int32_t both = Combine::of(a.at(at_a), b.at(at_b));
    const std::int32_t y = requantize(both, {multiplier, shift}) + t.out_zero;
    return static_cast<T>(clamp(y, {t.low, t.high}));
  });
}

// An integer less its zero point, times 2^left, in another scale. Stream: int32 pixel step, channel
// step, multiplier, shift, zero point.
template <int left, class T = std::int8_t> struct Term {
  using Element = T;
  static constexpr int bytes = 20;
  Steps steps;
  Multiplier multiplier;
  std::int32_t zero;

  static constexpr void pack(const GraphView& g, const Value& v, int k, Multiplier m, Writer& to) {
    broadcast_steps(g.input(v, k).shape).pack(to, sizeof(T));
    put_multiplier(to, m);
    to.put<std::int32_t>(g.source(v, k).quant.zero_point);
  }
  explicit constexpr Term(Reader& from)
      : steps(next_steps(from)), multiplier(next_multiplier(from)),
        zero(from.next<std::int32_t>()) {}

  constexpr std::int32_t at(const std::byte* element) const {
    return requantize((load<T>(element) - zero) * (1 << left), multiplier);
  }
};
// An integer less its zero point. Stream: int32 pixel step, channel step, zero point.
template <class T = std::int8_t> struct Factor {
  using Element = T;
  static constexpr int bytes = 12;
  Steps steps;
  std::int32_t zero;

  static constexpr void pack(const GraphView& g, const Value& v, int k, Writer& to) {
    broadcast_steps(g.input(v, k).shape).pack(to, sizeof(T));
    to.put<std::int32_t>(g.source(v, k).quant.zero_point);
  }
  explicit constexpr Factor(Reader& from)
      : steps(next_steps(from)), zero(from.next<std::int32_t>()) {}

  constexpr std::int32_t at(const std::byte* element) const { return load<T>(element) - zero; }
};

// What an activation leaves of the numbers of type R: all of bool and int8, where no scale matters.
template <class R> struct Range {
  R low, high;

  explicit constexpr Range(Activation activation)
      : low((std::numeric_limits<R>::lowest)()), high((std::numeric_limits<R>::max)()) {
    if constexpr (!std::is_same_v<R, bool> && sizeof(R) == 4) {
      const RealClamp real = real_range(activation);
      if (activation != Activation::none) low = static_cast<R>(real.low);
      if (activation == Activation::relu6 || activation == Activation::relu_n1_to_1)
        high = static_cast<R>(real.high);
    }
  }
  explicit constexpr Range(Reader& from) : low(from.next<R>()), high(from.next<R>()) {}
};

// Combine of elements T as they are, which yields R. Stream: per input int32 pixel step, channel
// step; low and high of R where it has an activation.
template <class Combine, class T, class R = T> struct Combined : PlainKernel {
  static constexpr bool clamps = !std::is_same_v<R, bool> && sizeof(R) == 4;

  static constexpr int stream_size(const GraphView&, const Value&) { return clamps ? 24 : 16; }

  static constexpr void pack(const GraphView& g, const Value& v, const Parameters&, Writer& to) {
    for (int k = 0; k < 2; ++k) broadcast_steps(g.input(v, k).shape).pack(to, sizeof(T));
    if constexpr (clamps) {
      const Range<R> range(v.activation);
      to.put(range.low);
      to.put(range.high);
    }
  }
  static constexpr void run(const Task& task, const Band& band) {
    const Task t = task;
    Reader from{t.stream};
    const Steps a = next_steps(from), b = next_steps(from);
    const Range<R> range = clamps ? Range<R>(from) : Range<R>(Activation::none);
    combine_rows<R>(t, band, a, b, [&](const std::byte* at_a, const std::byte* at_b) {
      const R y = Combine::of(load<T>(at_a), load<T>(at_b));
      if constexpr (clamps)
        return y < range.low ? range.low : y > range.high ? range.high : y;
      else
        return y;
    });
  }
};

// ---- what is done with two numbers; int32 wraps around ------------------------------------------

template <class T, class F> constexpr T wrapping(T a, T b, F f) {
  if constexpr (std::is_same_v<T, std::int32_t>)
    return static_cast<T>(f(static_cast<std::uint32_t>(a), static_cast<std::uint32_t>(b)));
  else
    return f(a, b);
}
struct Sum {
  template <class T> static constexpr T of(T a, T b) {
    return wrapping(a, b, [](auto x, auto y) { return x + y; });
  }
};
struct Difference {
  template <class T> static constexpr T of(T a, T b) {
    return wrapping(a, b, [](auto x, auto y) { return x - y; });
  }
};
struct Product {
  template <class T> static constexpr T of(T a, T b) {
    return wrapping(a, b, [](auto x, auto y) { return x * y; });
  }
};
struct SquareOfDifference {
  template <class T> static constexpr T of(T a, T b) {
    const T difference = Difference::of(a, b);
    return Product::of(difference, difference);
  }
};
struct Least {
  template <class T> static constexpr T of(T a, T b) { return a < b ? a : b; }
};
struct Greatest {
  template <class T> static constexpr T of(T a, T b) { return a > b ? a : b; }
};

}  // namespace graven::core::scalar_isa
