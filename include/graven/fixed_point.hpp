// gemmlowp's fixed-point functions, as TFLM's int8 SOFTMAX, LOGISTIC and TANH use them. Qm.n has m
// integer and n fractional bits; all are int32.
#pragma once

#include "graven/quant.hpp"

#include <bit>
#include <cstdint>
#include <limits>

namespace graven::core::fixed_point {

// round(a * b / 2^31) as gemmlowp: half away from zero for positive, up for negative products.
constexpr std::int32_t saturating_high_multiply(std::int32_t a, std::int32_t b) {
  constexpr auto least = (std::numeric_limits<std::int32_t>::min)();
  return a == least && b == least ? (std::numeric_limits<std::int32_t>::max)()
                                  : high_multiply(a, b);
}

constexpr std::int32_t saturating_shift_left(std::int32_t x, int exponent) {
  const std::int64_t wide = std::int64_t{x} << exponent;
  constexpr auto most = (std::numeric_limits<std::int32_t>::max)();
  constexpr auto least = (std::numeric_limits<std::int32_t>::min)();
  return wide > most ? most : wide < least ? least : static_cast<std::int32_t>(wide);
}

// exp(x) for x <= 0 in Q(IntegerBits).(31 - IntegerBits); Q0.31. A Taylor polynomial around -1/8
// on (-1/4, 0], times exp of the powers of two (fixedpoint.h: exp_on_negative_values).
template <int IntegerBits> constexpr std::int32_t exp_of_negative(std::int32_t x) {
  constexpr int fraction = 31 - IntegerBits;
  constexpr std::int32_t quarter = std::int32_t{1} << (fraction - 2);
  const std::int32_t part = (x & (quarter - 1)) - quarter;  // x mod 1/4, minus 1/4
  const std::int32_t a = saturating_shift_left(part, IntegerBits) + (std::int32_t{1} << 28);
  const std::int32_t a2 = saturating_high_multiply(a, a), a3 = saturating_high_multiply(a2, a);
  const std::int32_t a4 = saturating_high_multiply(a2, a2);
  const std::int32_t series =
      rounding_shift(saturating_high_multiply(rounding_shift(a4, 2) + a3, 715827883) + a2, 1);
  std::int32_t result = 1895147668 + saturating_high_multiply(1895147668, a + series);
  constexpr std::int32_t powers[] = {1672461947, 1302514674, 790015084, 290630308,
                                     39332535,   720401,     242};  // exp(-2^k), k = -2 ... 4
  const std::int32_t rest = part - x;
  for (int k = -2; k < 5 && k < IntegerBits; ++k)
    if (rest & (std::int32_t{1} << (fraction + k)))
      result = saturating_high_multiply(result, powers[k + 2]);
  if constexpr (IntegerBits > 5)
    if (x < -(std::int32_t{1} << (fraction + 5))) return 0;
  return x == 0 ? (std::numeric_limits<std::int32_t>::max)() : result;
}

// x -> 48/17 - 32/17 * x refined by three Newton steps: the start of both reciprocals; Q2.29.
constexpr std::int32_t reciprocal_steps(std::int32_t half) {
  std::int32_t x = 1515870810 + saturating_high_multiply(half, -1010580540);
  for (int i = 0; i < 3; ++i) {
    const std::int32_t product = saturating_high_multiply(half, x);
    x += saturating_shift_left(saturating_high_multiply(x, (std::int32_t{1} << 29) - product), 2);
  }
  return x;
}

constexpr std::int32_t half_sum(std::int32_t a, std::int32_t b) {  // rounded half away from zero
  const std::int64_t sum = std::int64_t{a} + b;
  return static_cast<std::int32_t>((sum + (sum >= 0 ? 1 : -1)) / 2);
}

// 1 / (1 + a), and (1 - a) / (1 + a), for a in [0, 1); all Q0.31.
constexpr std::int32_t one_over_one_plus(std::int32_t a) {
  return saturating_shift_left(
      reciprocal_steps(half_sum(a, (std::numeric_limits<std::int32_t>::max)())), 1);
}
constexpr std::int32_t one_minus_over_one_plus(std::int32_t a) {
  const std::int32_t x = reciprocal_steps(half_sum(a, (std::numeric_limits<std::int32_t>::max)()));
  return saturating_shift_left(x - (std::int32_t{1} << 29), 2);
}

// logistic and tanh of Q4.27, in Q0.31.
constexpr std::int32_t logistic(std::int32_t x) {
  constexpr auto one = (std::numeric_limits<std::int32_t>::max)();
  if (x == 0) return std::int32_t{1} << 30;
  const std::int32_t y = one_over_one_plus(exp_of_negative<4>(x > 0 ? -x : x));
  return x > 0 ? y : one - y;
}
constexpr std::int32_t tanh(std::int32_t x) {
  if (x == 0) return 0;
  const std::int32_t negative = x > 0 ? -x : x;
  const std::int32_t y = one_minus_over_one_plus(exp_of_negative<5>(negative));
  return x > 0 ? y : -y;
}

// 1 / sqrt(x) for x >= 1, as a multiplier: five steps of Newton's from 1 in Q3.28
// (GetInvSqrtQuantizedMultiplierExp).
constexpr Multiplier inverse_sqrt(std::int32_t x) {
  if (x <= 1) return {(std::numeric_limits<std::int32_t>::max)(), 0};
  int shift = 11;
  for (; x >= 1 << 29; x /= 4) ++shift;
  const int pairs = (std::countl_zero(static_cast<std::uint32_t>(x)) - 1) / 2 - 1;
  shift -= pairs;
  const std::int32_t half = rounding_shift((x << (2 * pairs)) >> 1, 1);
  std::int32_t y = std::int32_t{1} << 28;
  for (int i = 0; i < 5; ++i) {
    const std::int32_t y2 = saturating_high_multiply(y, y);
    const std::int32_t y3 = saturating_shift_left(saturating_high_multiply(y2, y), 6);
    constexpr std::int32_t half_three = 3 << 27;
    y = saturating_shift_left(
        saturating_high_multiply(half_three, y) - saturating_high_multiply(half, y3), 3);
  }
  y = saturating_high_multiply(y, 1518500250);  // sqrt(1/2)
  return shift < 0 ? Multiplier{y << -shift, 0} : Multiplier{y, -shift};
}

// log(x) for x >= 1 in Q(IntegerBits).(31 - IntegerBits); Q5.26. x = z * 2^k with z near 1, by two
// ways of choosing k, then a rational function of z (log_x_for_x_greater_than_or_equal_to_1).
template <int IntegerBits> constexpr std::int32_t log(std::int32_t x) {
  constexpr std::int32_t log_2 = 1488522236, root_of_root_half = 1805811301, root_half = 1518500250;
  constexpr std::int32_t quarter = std::int32_t{1} << 23;  // Q6.25
  auto product = saturating_high_multiply;
  auto headroom = [](std::int32_t value) {
    return std::countl_zero(static_cast<std::uint32_t>(value));
  };
  const int first = headroom(x), second = headroom(product(x, root_half)) - 1;
  const std::int32_t z_first =
      saturating_shift_left(product(saturating_shift_left(x, first - 1), root_half), 1);
  const std::int32_t z_second = saturating_shift_left(x, second);
  const std::int32_t power_first = (IntegerBits - first) * (1 << 25) + quarter;
  const std::int32_t power_second = (IntegerBits - second) * (1 << 25) - quarter;
  const std::int32_t z = z_first < z_second ? z_first : z_second;
  const std::int32_t power = power_first > power_second ? power_first : power_second;

  const std::int32_t p = half_sum(z, root_of_root_half), q = 2 * (z - root_of_root_half);
  const std::int32_t square = product(q, q);
  const std::int32_t above = product(q, z) + product(product(q, square), 117049297);
  const std::int32_t below =
      product(p, 1057819769 + q + product(127690142, square)) + product(638450708, q);
  return saturating_shift_left(
      product(power, log_2) + product(rounding_shift(above, 6), one_over_one_plus(below)), 1);
}

// The distance from zero at which `integer_bits` of scaled input saturate (CalculateInputRadius).
constexpr std::int64_t input_radius(int integer_bits, int left_shift) {
  const std::int64_t most = ((std::int64_t{1} << integer_bits) - 1) << (31 - integer_bits);
  return left_shift >= 0 ? most >> left_shift : most << -left_shift;
}

// An int8 of a table over values of `in`: function(x in Q4.27). Where x saturates
// TFLM's range, nothing is computed. Source: tensorflow/lite/micro/kernels/logistic.cc, tanh.cc.
template <class Function>
constexpr std::int8_t saturating_entry(int q, Quant in, Function function) {
  const int x = q - in.zero_point;
  const Multiplier m =
      quantize_multiplier(static_cast<double>(in.scale) * static_cast<double>(1 << 27));
  const std::int64_t radius = input_radius(4, m.shift);
  if (x <= -radius) return -128;
  if (x >= radius) return 127;
  return static_cast<std::int8_t>(clamp(function(requantize(x, m)), {-128, 127}));
}

}  // namespace graven::core::fixed_point
