// Elementary functions of real numbers, from sums, products and quotients alone: the same bits on
// every core and in the compiler, which no C library promises (build with -ffp-contract=off).
// T = float is meant for run time: exp and log are within one unit in the last place, sin and cos
// within three. T = double makes tables in the compiler.
#pragma once

#include <bit>
#include <cstdint>
#include <limits>
#include <type_traits>

namespace graven::core::floating_point {

// How a T is stored: sign, exponent, `fraction` bits of the significand behind its leading one.
template <class T> struct Format;
template <> struct Format<float> {
  using Word = std::uint32_t;
  static constexpr int fraction = 23, bias = 127;
};
template <> struct Format<double> {
  using Word = std::uint64_t;
  static constexpr int fraction = 52, bias = 1023;
};

template <class T> inline constexpr T infinity = std::numeric_limits<T>::infinity();
template <class T> inline constexpr T nan = std::numeric_limits<T>::quiet_NaN();
template <class T> inline constexpr bool is_single = std::is_same_v<T, float>;

// 2^n of a normal number.
template <class T> constexpr T power_of_two(int n) {
  using F = Format<T>;
  return std::bit_cast<T>(static_cast<typename F::Word>(n + F::bias) << F::fraction);
}

constexpr float magnitude(float x) { return __builtin_fabsf(x); }
constexpr double magnitude(double x) { return __builtin_fabs(x); }
// |x| with the sign of `sign`.
template <class T> constexpr T with_sign_of(T x, T sign) {
  const bool negative = std::bit_cast<typename Format<T>::Word>(sign) >> (8 * sizeof(T) - 1) != 0;
  return negative ? -magnitude(x) : magnitude(x);
}

// Towards zero; numbers of 2^fraction and more are whole, as are infinities; NaN stays.
template <class T> constexpr T trunc(T x) {
  constexpr T whole = power_of_two<T>(Format<T>::fraction);
  if (!(magnitude(x) < whole)) return x;
  using Whole = std::conditional_t<is_single<T>, std::int32_t, std::int64_t>;
  return with_sign_of(static_cast<T>(static_cast<Whole>(x)), x);
}
template <class T> constexpr T floor(T x) {
  const T part = trunc(x);
  return part > x ? part - 1 : part;
}
template <class T> constexpr T ceil(T x) {
  const T part = trunc(x);
  return part < x ? with_sign_of(part + 1, x) : part;
}
// Halves to the even neighbour.
template <class T> constexpr T round_to_even(T x) {
  constexpr T whole = power_of_two<T>(Format<T>::fraction);
  if (!(magnitude(x) < whole)) return x;
  const T up = magnitude(x) + whole;
  return with_sign_of(up - whole, x);
}

// exp(x) = 2^n * exp(r), |r| <= log(2) / 2, by Taylor's series. log(2) in two parts, of which n
// times the first is exact.
template <class T>
inline constexpr T log2_high = is_single<T> ? T(0.693359375L) : T(0.69314718036912381649L);
template <class T>
inline constexpr T log2_low = is_single<T> ? T(-2.12194440054690583e-4L)
                                           : T(1.90821492927058770e-10L);
template <class T> inline constexpr T octaves = T(1.44269504088896340736L);  // 1 / log(2)
// Numbers of its size have no halves: what is added to it is rounded, ties to even.
template <class T> inline constexpr T no_halves = T(1.5) * power_of_two<T>(Format<T>::fraction);
// exp(r) - 1 by the series.
template <class T> constexpr T exp_less_one(T r) {
  T tail = 1;  // 1 + r / 3 * (1 + r / 4 * ...)
#pragma GCC unroll 12
  for (int k = is_single<T> ? 7 : 14; k > 2; --k) tail = 1 + r * tail * (1 / static_cast<T>(k));
  return r + r * r * tail / 2;
}
template <class T> constexpr T exp(T x) {
  using F = Format<T>;
  constexpr T most = is_single<T> ? T(88.72283905206835L) : T(709.782712893384L);
  constexpr T least = is_single<T> ? T(-104) : T(-746), usual = is_single<T> ? T(87) : T(708);
  const bool is_usual = magnitude(x) < usual;  // and so is the result
  if (!is_usual) {
    if (x != x) return x;
    if (x > most) return infinity<T>;
    if (x < least) return 0;
  }
  constexpr T whole = no_halves<T>;
  const T shifted = x * octaves<T> + whole, count = shifted - whole;
  const T y = 1 + exp_less_one<T>((x - count * log2_high<T>)-count * log2_low<T>);
  using Word = typename F::Word;
  const Word n = std::bit_cast<Word>(shifted) - std::bit_cast<Word>(whole);
  if (is_usual) return std::bit_cast<T>(std::bit_cast<Word>(y) + (n << F::fraction));
  const int all = static_cast<int>(count), part = all / 2;  // in two steps: the ends of the range
  return y * power_of_two<T>(part) * power_of_two<T>(all - part);
}
template <class T> constexpr T expm1(T x) {
  return magnitude(x) < log2_high<T> / 2 ? exp_less_one(x) : exp(x) - 1;
}

// log(2^n * m) = n * log(2) + 2 * atanh(s), s = (m - 1) / (m + 1), 1 / sqrt(2) <= m <= sqrt(2).
template <class T> constexpr T log(T x) {
  using F = Format<T>;
  if (x != x || x < 0) return nan<T>;
  if (x == 0) return -infinity<T>;
  if (x == infinity<T>) return x;
  int n = 0;
  if (x < (std::numeric_limits<T>::min)()) {  // subnormal
    x *= power_of_two<T>(F::fraction + 1);
    n = -F::fraction - 1;
  }
  const auto bits = std::bit_cast<typename F::Word>(x);
  const int exponent = static_cast<int>(bits >> F::fraction) - F::bias;
  T m = x * power_of_two<T>(-exponent / 2) * power_of_two<T>(-exponent - -exponent / 2);
  n += exponent;
  if (m > T(1.41421356237309504880L)) {
    m /= 2;
    ++n;
  }
  const T f = m - 1, s = f / (m + 1), s2 = s * s;
  T tail = 0;  // s^2 / 3 + s^4 / 5 + ...
  for (int k = is_single<T> ? 13 : 27; k > 1; k -= 2) tail = s2 * (tail + 1 / static_cast<T>(k));
  const T count = static_cast<T>(n);  // 2 * s = f - s * f
  return count * log2_high<T> + (f - (s * (f - 2 * tail) - count * log2_low<T>));
}

// Within 2^-23 or 2^-52 of the truth; relative to small results that may be more.
template <class T> constexpr T tanh(T x) {
  const T y = magnitude(x) > 40 ? T(1) : 1 - 2 / (exp(2 * magnitude(x)) + 1);
  return x != x ? x : with_sign_of(y, x);
}

// exp(-x^2): x in two parts, of which the square of the first is exact.
template <class T> constexpr T exp_of_square(T x) {
  using Word = typename Format<T>::Word;
  constexpr Word rest = (Word{1} << (Format<T>::fraction / 2 + 1)) - 1;
  const T part = std::bit_cast<T>(std::bit_cast<Word>(x) & ~rest);
  return exp(-part * part) * exp(-(x - part) * (x + part));
}

// erfc(x) = 1 - erf(x) by erf's series below 1, by Laplace's continued fraction above. Within 16
// units in the last place.
template <class T> constexpr T erfc(T x) {
  if (x != x) return x;
  const T a = magnitude(x), square = a * a;
  T y = 0;
  if (a < 1) {
    T sum = 1;  // 1 + 2 a^2 / 3 * (1 + 2 a^2 / 5 * ...)
    for (int k = is_single<T> ? 23 : 51; k > 1; k -= 2)
      sum = 1 + 2 * square * sum / static_cast<T>(k);
    y = 1 - T(1.12837916709551257390L) * a * exp_of_square(a) * sum;
  } else if (a < 30) {
    T tail = a;
    for (int k = is_single<T> ? 40 : 300; k > 0; --k) tail = a + static_cast<T>(k) / (2 * tail);
    y = T(0.56418958354775628695L) * exp_of_square(a) / tail;
  }
  return x < 0 ? 2 - y : y;
}

// By Newton's steps, for the compiler.
constexpr double sqrt(double x) {
  if (x != x || x < 0) return nan<double>;
  if (x == 0 || x == infinity<double>) return x;
  double y = x < 1 ? 1 : x;
  for (double next = (y + x / y) / 2; next < y; next = (y + x / y) / 2) y = next;
  return y;
}
// Correctly rounded everywhere: by the core's instruction or its library.
constexpr float sqrt(float x) {
  if (!std::is_constant_evaluated()) return __builtin_sqrtf(x);
  return x == 0 ? x : static_cast<float>(sqrt(static_cast<double>(x)));
}

constexpr float rsqrt(float x) {  // the compiler divides by no zero
  return x == 0 ? with_sign_of(infinity<float>, x) : 1 / sqrt(x);
}

// x = (4 * i + quadrant) * pi / 2 + rest, |rest| <= pi / 4: by 2 / pi in fixed point, of which only
// 96 bits matter, those that 24 bits of x bring around the binary point.
struct Reduced {
  float rest;
  int quadrant;
};
constexpr Reduced reduced(float x) {
  constexpr float quarter_pi = 0.785398163f;
  if (magnitude(x) <= quarter_pi) return {x, 0};
  constexpr std::uint32_t two_over_pi[] = {0,          0xa2f9836e, 0x4e441529, 0xfc2757d1,
                                           0xf534ddc0, 0xdb629599, 0x3c439041, 0xfe5163ab};
  const auto bits = std::bit_cast<std::uint32_t>(x);
  const std::uint64_t significand = (bits & 0x7fffff) | 0x800000;
  const int first = static_cast<int>(bits >> 23 & 0xff) - 150 - 2 + 32;  // bit of the table
  const int word = first / 32, shift = first % 32;
  auto window = [&](int k) -> std::uint64_t {
    const std::uint64_t pair =
        std::uint64_t{two_over_pi[word + k]} << 32 | two_over_pi[word + k + 1];
    return pair >> (32 - shift) & 0xffffffff;
  };
  // The product modulo 4: two bits before the point, 62 behind it.
  const std::uint64_t product =
      (significand * window(0) << 32) + significand * window(1) + (significand * window(2) >> 32);
  const std::uint64_t nearest = (product + (std::uint64_t{1} << 61)) >> 62;
  const auto left = static_cast<std::int64_t>(product - (nearest << 62));
  constexpr float unit = 3.40612158e-19f;  // pi / 2 * 2^-62
  const float rest = static_cast<float>(left) * unit;
  const bool negative = x < 0;
  const int quadrant = static_cast<int>(nearest & 3);
  return {negative ? -rest : rest, negative ? (4 - quadrant) & 3 : quadrant};
}

// Of what is left of a quadrant, by Taylor's series.
constexpr float sine_of_rest(float x) {
  const float square = x * x;
  return x -
         x * square * (1.0f / 6 - square * (1.0f / 120 - square * (1.0f / 5040 - square / 362880)));
}
constexpr float cosine_of_rest(float x) {
  const float square = x * x;
  return 1 -
         square *
             (0.5f - square * (1.0f / 24 -
                               square * (1.0f / 720 - square * (1.0f / 40320 - square / 3628800))));
}
// sin(x + turns * pi / 2)
constexpr float sine(float x, int turns) {
  if (!(magnitude(x) < infinity<float>)) return nan<float>;
  const Reduced r = reduced(x);
  const int quadrant = (r.quadrant + turns) & 3;
  const float y = quadrant % 2 == 0 ? sine_of_rest(r.rest) : cosine_of_rest(r.rest);
  return quadrant >= 2 ? -y : y;
}
constexpr float sin(float x) { return sine(x, 0); }
constexpr float cos(float x) { return sine(x, 1); }

// Both of a number that is finite, the same bits.
struct SineCosine {
  float sine, cosine;
};
constexpr SineCosine sine_and_cosine(float x) {
  const Reduced r = reduced(x);
  const float s = sine_of_rest(r.rest), c = cosine_of_rest(r.rest);
  const float sine = r.quadrant % 2 == 0 ? s : c, cosine = r.quadrant % 2 == 0 ? c : s;
  return {r.quadrant >= 2 ? -sine : sine, r.quadrant == 1 || r.quadrant == 2 ? -cosine : cosine};
}

}  // namespace graven::core::floating_point
