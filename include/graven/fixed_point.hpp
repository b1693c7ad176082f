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

// ---- int16 -------------------------------------------------------------------------------------

// The logistic function at k / 24 in 16 bits, as TFLite has it; its int16 LOGISTIC and TANH, and
// its LSTM, go straight from one to the next.
inline constexpr std::uint16_t logistic_table[256] = {
    32768, 33451, 34133, 34813, 35493, 36169, 36843, 37513, 38180, 38841, 39498, 40149, 40794,
    41432, 42064, 42688, 43304, 43912, 44511, 45102, 45683, 46255, 46817, 47369, 47911, 48443,
    48964, 49475, 49975, 50464, 50942, 51409, 51865, 52311, 52745, 53169, 53581, 53983, 54374,
    54755, 55125, 55485, 55834, 56174, 56503, 56823, 57133, 57433, 57724, 58007, 58280, 58544,
    58800, 59048, 59288, 59519, 59743, 59959, 60168, 60370, 60565, 60753, 60935, 61110, 61279,
    61441, 61599, 61750, 61896, 62036, 62172, 62302, 62428, 62549, 62666, 62778, 62886, 62990,
    63090, 63186, 63279, 63368, 63454, 63536, 63615, 63691, 63765, 63835, 63903, 63968, 64030,
    64090, 64148, 64204, 64257, 64308, 64357, 64405, 64450, 64494, 64536, 64576, 64614, 64652,
    64687, 64721, 64754, 64786, 64816, 64845, 64873, 64900, 64926, 64950, 64974, 64997, 65019,
    65039, 65060, 65079, 65097, 65115, 65132, 65149, 65164, 65179, 65194, 65208, 65221, 65234,
    65246, 65258, 65269, 65280, 65291, 65301, 65310, 65319, 65328, 65337, 65345, 65352, 65360,
    65367, 65374, 65381, 65387, 65393, 65399, 65404, 65410, 65415, 65420, 65425, 65429, 65433,
    65438, 65442, 65445, 65449, 65453, 65456, 65459, 65462, 65465, 65468, 65471, 65474, 65476,
    65479, 65481, 65483, 65485, 65488, 65489, 65491, 65493, 65495, 65497, 65498, 65500, 65501,
    65503, 65504, 65505, 65507, 65508, 65509, 65510, 65511, 65512, 65513, 65514, 65515, 65516,
    65517, 65517, 65518, 65519, 65520, 65520, 65521, 65522, 65522, 65523, 65523, 65524, 65524,
    65525, 65525, 65526, 65526, 65526, 65527, 65527, 65528, 65528, 65528, 65529, 65529, 65529,
    65529, 65530, 65530, 65530, 65530, 65531, 65531, 65531, 65531, 65531, 65532, 65532, 65532,
    65532, 65532, 65532, 65533, 65533, 65533, 65533, 65533, 65533, 65533, 65533, 65534, 65534,
    65534, 65534, 65534, 65534, 65534, 65534, 65534, 65534, 65535};

// The table `bits` bits of a step behind its entry; all with `bits` bits more. x >= 0.
constexpr std::int32_t interpolated(std::int32_t x, int bits) {
  const std::int32_t entry = x >> bits;
  if (entry >= 255) return bits == 9 ? 0x7fff << 10 : 0xffff << 8;
  const std::int32_t here = logistic_table[entry], next = logistic_table[entry + 1];
  return (here << bits) + (x & ((1 << bits) - 1)) * (next - here);
}
// logistic(x / 3 / 2^12) and tanh(x / 3 / 2^12), in Q0.15. Of a negative x (`sign` is -1) TFLite
// takes 2^25 - y + 511 or 2^23 - y + 127, where ~y is -y - 1.
constexpr std::int16_t logistic16(std::int32_t x) {
  const std::int32_t sign = x >> 31, y = interpolated((x ^ sign) - sign, 9);
  return static_cast<std::int16_t>(((y ^ sign) + 512 + (sign & (1 << 25))) >> 10);
}
constexpr std::int16_t tanh16(std::int32_t x) {
  const std::int32_t sign = x >> 31, y = interpolated((x ^ sign) - sign, 8) - (1 << 23);
  return static_cast<std::int16_t>(((y ^ sign) + 128) >> 8);
}

}  // namespace graven::core::fixed_point
