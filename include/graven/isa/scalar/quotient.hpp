// Quotients of two numbers, and powers: DIV, FLOOR_DIV, FLOOR_MOD, POW.
#pragma once

#include "graven/fixed_point.hpp"
#include "graven/floating_point.hpp"
#include "graven/isa/scalar/binary.hpp"
#include "graven/kernel/multiplier.hpp"

#include <bit>
#include <limits>

namespace graven::core::scalar_isa {

// TFLM's quotient of two integers, times a multiplier (reference/div.h): the reciprocal by three
// Newton steps.
constexpr std::int32_t quotient(std::int32_t a, std::int32_t b, Multiplier m) {
  if (b < 0) {
    a = -a;
    b = -b;
  }
  if (a == 0) return 0;
  constexpr auto most = (std::numeric_limits<std::int16_t>::max)();
  if (b == 0) return a > 0 ? most : -most;
  const int zeros = std::countl_zero(static_cast<std::uint32_t>(b));
  const auto fraction = static_cast<std::int32_t>((static_cast<std::uint32_t>(b) << zeros) -
                                                  (std::uint32_t{1} << 31));
  const std::int32_t reciprocal = fixed_point::one_over_one_plus(fraction);
  const int headroom = std::countl_zero(static_cast<std::uint32_t>(a > 0 ? a : -a - 1)) - 1;
  const auto scaled = static_cast<std::int32_t>(static_cast<std::uint32_t>(a) << headroom);
  const std::int32_t unscaled = high_multiply(scaled, reciprocal);
  const int shift = m.shift - (31 - zeros) - headroom;
  return requantize(unscaled, {m.multiplier, shift < -31 ? -31 : shift});
}

// Stream: two Factors, then multiplier and shift.
template <class T> struct DivQuantized : PlainKernel {
  static constexpr int stream_size(const GraphView&, const Value&) { return 32; }

  static constexpr void pack(const GraphView& g, const Value& v, const Parameters&, Writer& to) {
    for (int k = 0; k < 2; ++k) Factor<T>::pack(g, v, k, to);
    const Multiplier m = quantize_multiplier(
        static_cast<double>(g.source(v, 0).quant.scale) /
        (static_cast<double>(g.source(v, 1).quant.scale) * static_cast<double>(v.quant.scale)));
    put_multiplier(to, m);
  }
  static constexpr void run(const Task& task, const Band& band) {
    const Task t = task;
    Reader from{t.stream};
    const Factor<T> a(from), b(from);
    const Multiplier m = next_multiplier(from);
    combine_rows<T>(t, band, a.steps, b.steps, [&](const std::byte* at_a, const std::byte* at_b) {
      const std::int32_t y = quotient(a.at(at_a), b.at(at_b), m) + t.out_zero;
      return static_cast<T>(clamp(y, {t.low, t.high}));
    });
  }
};

struct Quotient {
  static constexpr float of(float a, float b) { return a / b; }
  static constexpr std::int32_t of(std::int32_t a, std::int32_t b) {
    return b == 0 ? 0 : b == -1 ? Difference::of(std::int32_t{0}, a) : a / b;
  }
};
struct FloorOfQuotient {
  // In double, as TFLM's FloorDiv: 1 / 0.1f is less than 10, but rounds to it.
  static constexpr float of(float a, float b) {
    return static_cast<float>(floor(static_cast<double>(a) / static_cast<double>(b)));
  }
  static constexpr std::int32_t of(std::int32_t a, std::int32_t b) {
    const std::int32_t whole = Quotient::of(a, b);
    return b != 0 && b != -1 && a % b != 0 && (a < 0) != (b < 0) ? whole - 1 : whole;
  }

private:
  static constexpr double floor(double x) {
    if (!std::is_constant_evaluated()) return __builtin_floor(x);
    if (!(x > -4503599627370496.0 && x < 4503599627370496.0)) return x;  // 2^52: whole already
    const auto whole = static_cast<double>(static_cast<std::int64_t>(x));
    return whole > x ? whole - 1 : whole;
  }
};
// With the sign of b.
struct FloorRemainder {
  static constexpr float of(float a, float b) {
    const float rest = remainder(a, b);
    return rest != 0 && (rest < 0) != (b < 0) ? rest + b : rest;
  }
  static constexpr std::int32_t of(std::int32_t a, std::int32_t b) {
    if (b == 0 || b == -1) return 0;
    const std::int32_t rest = a % b;
    return rest != 0 && (rest < 0) != (b < 0) ? rest + b : rest;
  }

private:
  static constexpr float remainder(float a, float b) {
    if (!std::is_constant_evaluated()) return __builtin_fmodf(a, b);
    const float size = b < 0 ? -b : b;
    float rest = a < 0 ? -a : a;
    if (!(size > 0) || !(rest <= (std::numeric_limits<float>::max)()))
      return std::numeric_limits<float>::quiet_NaN();
    while (rest >= size) {  // less the largest size * 2^k, which is exact
      float part = size;
      while (part <= rest / 2) part *= 2;
      rest -= part;
    }
    return a < 0 ? -rest : rest;
  }
};

// a^b by C's rules: of a < 0 for whole b alone. int32 wraps around; of b < 0 it is 1 / a^-b without
// its fraction, of 0 then 0 (LiteRT ends the run).
struct Power {
  static constexpr std::int32_t of(std::int32_t a, std::int32_t b) {
    if (b < 0) return a == 1 ? 1 : a == -1 ? ((b & 1) != 0 ? -1 : 1) : 0;
    std::int32_t made = 1;
    for (; b > 0; b >>= 1, a = Product::of(a, a))
      if ((b & 1) != 0) made = Product::of(made, a);
    return made;
  }
  static constexpr float of(float a, float b) {
    constexpr float most = (std::numeric_limits<float>::max)();
    const bool endless = b > most || b < -most;
    if (b == 0 || a == 1 || (a == -1 && endless)) return 1;
    const double part = floating_point::exp(static_cast<double>(b) * logarithm(a));
    const bool large = part > static_cast<double>(most);
    const float size = large ? std::numeric_limits<float>::infinity() : static_cast<float>(part);
    const float halves = endless ? 0 : FloorRemainder::of(b, 2.0f);
    if (!(a < 0) || halves == 0) return size;
    return halves == 1 ? -size : std::numeric_limits<float>::quiet_NaN();
  }

private:
  static constexpr double logarithm(float a) {
    const float size = a < 0 ? -a : a;
    if (size > (std::numeric_limits<float>::max)()) return std::numeric_limits<double>::infinity();
    return floating_point::log(static_cast<double>(size));
  }
};

}  // namespace graven::core::scalar_isa
