// Quantization: real = scale * (q - zero_point), and the integer arithmetic that TensorFlow Lite
// Micro computes with. All rounding rules of the library are in this file; requantization is
// "double rounding" (a rounding doubling high multiply, then a rounding shift), as in TFLM.
#pragma once

#include "graven/shape.hpp"

#include <bit>
#include <cstdint>
#include <limits>

namespace graven::core {

struct Quant {
  float scale = 0;  // 0: not given
  int zero_point = 0;

  constexpr bool operator==(const Quant&) const = default;
};

// M = multiplier * 2^(shift - 31), multiplier in [2^30, 2^31) or 0; shift > 0 shifts left.
struct Multiplier {
  std::int32_t multiplier = 0;
  int shift = 0;

  constexpr bool operator==(const Multiplier&) const = default;
};

struct Clamp {
  std::int32_t low = 0, high = 0;
};

namespace detail {

template <class Real> constexpr int round_away(Real x) {  // half away from zero, for |x| < 2^31
  const int whole = static_cast<int>(x);
  const Real rest = x - static_cast<Real>(whole);
  return rest >= Real(0.5) ? whole + 1 : rest <= Real(-0.5) ? whole - 1 : whole;
}

constexpr int low_of(Element element) {
  return element == Element::int16 ? -32768 : element == Element::uint8 ? 0 : -128;
}
constexpr int high_of(Element element) {
  return element == Element::int16 ? 32767 : element == Element::uint8 ? 255 : 127;
}

}  // namespace detail

// TFLite's QuantizeMultiplier: 31 bits of the significand, rounded half up, without frexp.
constexpr Multiplier quantize_multiplier(double real) {
  if (!(real > 0)) return {};
  const auto bits = std::bit_cast<std::uint64_t>(real);
  int shift = static_cast<int>(bits >> 52 & 0x7ff) - 1022;
  const std::uint64_t significand = (bits & 0xfffffffffffffu) | 0x10000000000000u;  // 53 bits
  std::uint64_t rounded = (significand + (1u << 21)) >> 22;
  if (rounded == 1ull << 31) {
    rounded >>= 1;
    ++shift;
  }
  if (shift < -31) return {};
  return {static_cast<std::int32_t>(rounded), shift < 31 ? shift : 31};  // beyond: no real model
}

// ADD of TFLM: both inputs in units of 2^-left of twice the larger scale, and their sum in the
// output's; left is 20, for int16 15.
struct AddMultipliers {
  Multiplier inputs[2], sum;
};
template <int left> constexpr AddMultipliers add_multipliers(float a, float b, float out) {
  const double real_a = static_cast<double>(a), real_b = static_cast<double>(b);
  const double twice = 2 * (real_a > real_b ? real_a : real_b);
  return {{quantize_multiplier(real_a / twice), quantize_multiplier(real_b / twice)},
          quantize_multiplier(twice / ((1 << left) * static_cast<double>(out)))};
}

// round(a * b / 2^31), half up: gemmlowp's SaturatingRoundingDoublingHighMul without the one
// saturating case a = b = -2^31, which a multiplier in [0, 2^31) cannot reach.
constexpr std::int32_t high_multiply(std::int32_t a, std::int32_t b) {
  return static_cast<std::int32_t>((std::int64_t{a} * b + (std::int64_t{1} << 30)) >> 31);
}

// round(x / 2^exponent), half away from zero: gemmlowp's RoundingDivideByPOT; 0 <= exponent <= 31,
// x > -2^31. With y = x for x >= 0 and x - 1 below, it is floor((floor(y / 2^(e-1)) + 1) / 2).
constexpr std::int32_t rounding_shift(std::int32_t x, int exponent) {
  return exponent == 0 ? x : (((x + (x >> 31)) >> (exponent - 1)) + 1) >> 1;
}

// TFLite's MultiplyByQuantizedMultiplier; a left shift wraps like the reference's.
constexpr std::int32_t requantize(std::int32_t acc, Multiplier m) {
  const int left = m.shift > 0 ? m.shift : 0, right = m.shift > 0 ? 0 : -m.shift;
  const auto shifted = static_cast<std::int32_t>(static_cast<std::uint32_t>(acc) << left);
  return rounding_shift(high_multiply(shifted, m.multiplier), right);
}

// With one rounding, as LiteRT does it in its uint8 FULLY_CONNECTED.
constexpr std::int32_t requantize_once(std::int32_t acc, Multiplier m) {
  const int right = 31 - m.shift;
  return static_cast<std::int32_t>(
      (std::int64_t{acc} * m.multiplier + (std::int64_t{1} << (right - 1))) >> right);
}

// What requantize_wide takes of a multiplier: its upper 16 bits.
constexpr Multiplier narrow(Multiplier m) {
  return {m.multiplier < 0x7fff0000 ? (m.multiplier + (1 << 15)) >> 16 : 0x7fff, m.shift};
}
// TFLite's MultiplyByQuantizedMultiplier of a 64-bit sum below 2^47, with one rounding; `narrow` is
// narrow(multiplier), its shift at most 7.
constexpr std::int32_t requantize_wide(std::int64_t acc, Multiplier narrow) {
  const int right = 15 - narrow.shift;
  return static_cast<std::int32_t>((acc * narrow.multiplier + (std::int64_t{1} << (right - 1))) >>
                                   right);
}

constexpr std::int32_t clamp(std::int32_t x, Clamp c) {
  return x < c.low ? c.low : x > c.high ? c.high : x;
}

// The quantized range of an activation (TFLite's CalculateActivationRangeQuantized).
constexpr Clamp activation_range(Activation activation, Quant out, Element element) {
  const int low = detail::low_of(element), high = detail::high_of(element);
  auto quantized = [&](float real) {
    const float steps = real / out.scale;
    if (steps > 65536.0f || steps < -65536.0f) return steps > 0 ? high : low;
    const int level = detail::round_away(steps) + out.zero_point;
    return level < low ? low : level > high ? high : level;
  };
  switch (activation) {
    case Activation::relu: return {quantized(0), high};
    case Activation::relu6: return {quantized(0), quantized(6)};
    case Activation::relu_n1_to_1: return {quantized(-1), quantized(1)};
    case Activation::relu_0_to_1: return {quantized(0), quantized(1)};
    default: return {low, high};
  }
}

namespace detail {

// An int8 in another scale, clamped: an entry of the tables of RELU, QUANTIZE and CONCATENATION.
constexpr std::int8_t rescaled(int q, Quant in, Quant out, Activation activation) {
  const Multiplier m =
      quantize_multiplier(static_cast<double>(in.scale) / static_cast<double>(out.scale));
  const Clamp range = activation_range(activation, out, Element::int8);
  return static_cast<std::int8_t>(clamp(requantize(q - in.zero_point, m) + out.zero_point, range));
}

}  // namespace detail

// real -> int8 or uint8 as TFLite's AffineQuantize: round half away from zero, saturate.
template <class T = std::int8_t> constexpr T quantize(float real, Quant q) {
  constexpr int low = (std::numeric_limits<T>::min)(), high = (std::numeric_limits<T>::max)();
  const float steps = real / q.scale;
  if (steps != steps) return static_cast<T>(q.zero_point);  // NaN: TFLM leaves it open
  if (steps < -1e6f) return low;
  if (steps > 1e6f) return high;
  return static_cast<T>(clamp(detail::round_away(steps) + q.zero_point, {low, high}));
}

constexpr float dequantize(int value, Quant q) {
  return q.scale * static_cast<float>(value - q.zero_point);
}

}  // namespace graven::core
