// Fourier transforms as kissfft computes them. In fixed point, of int16 or int32, every stage
// halves or quarters its values, products are rounded to 15 or 31 bits; of float32 nothing is
// divided.
#pragma once

#include "graven/kernel/bytes.hpp"

#include <limits>
#include <type_traits>

namespace graven::core::scalar_isa {

namespace fft {

inline constexpr double pi = 3.14159265358979323846;

// cos and sin of part / whole of a turn, exact to the last bits: within an eighth of a turn a few
// terms of the series do.
constexpr double series(double x, double term, int n) {
  double sum = 0;
  for (; n < 24; n += 2) {
    sum += term;
    term *= -x * x / ((n + 1) * (n + 2));
  }
  return sum;
}
constexpr double cos_of(int part, int whole) {
  part %= whole;
  if (2 * part > whole) part = whole - part;                          // to half a turn
  if (4 * part > whole) return -cos_of(whole - 2 * part, 2 * whole);  // to a quarter
  const double x = 2 * pi * part / whole;
  if (8 * part <= whole) return series(x, 1, 0);
  const double y = 2 * pi * (whole - 4 * part) / (4.0 * whole);  // from a quarter turn down
  return series(y, y, 1);
}
// What a transform of T computes with.
template <class T> struct Field {
  using Wide = std::int64_t;
  static constexpr int bits = 31;
};
template <> struct Field<std::int16_t> {
  using Wide = std::int32_t;
  static constexpr int bits = 15;
};
template <> struct Field<float> { using Wide = float; };
template <class T> inline constexpr bool is_real = std::is_same_v<T, float>;
template <class T> using Wide = typename Field<T>::Wide;
template <class T> inline constexpr Wide<T> most = (std::numeric_limits<T>::max)();

// In fixed point: floor(1/2 + most * value).
template <class T> constexpr T number(double value) {
  if constexpr (is_real<T>) {
    return static_cast<float>(value);
  } else {
    const double scaled = 0.5 + static_cast<double>(most<T>) * value;
    const auto whole = static_cast<std::int64_t>(scaled);
    return static_cast<T>(static_cast<double>(whole) > scaled ? whole - 1 : whole);
  }
}

template <class T> struct Complex { Wide<T> re, im; };

template <class T> constexpr Wide<T> wrap(Wide<T> x) { return static_cast<T>(x); }
template <class T> constexpr Wide<T> rounded(Wide<T> x) {
  if constexpr (is_real<T>)
    return x;
  else
    return wrap<T>((x + (Wide<T>{1} << (Field<T>::bits - 1))) >> Field<T>::bits);
}
template <class T> constexpr Complex<T> divided(Complex<T> a, int by) {
  if constexpr (is_real<T>)
    return a;
  else
    return {rounded<T>(a.re * (most<T> / by)), rounded<T>(a.im * (most<T> / by))};
}
template <class T> constexpr Complex<T> times(Complex<T> a, Complex<T> b) {
  return {rounded<T>(a.re * b.re - a.im * b.im), rounded<T>(a.re * b.im + a.im * b.re)};
}
template <class T> constexpr Complex<T> sum(Complex<T> a, Complex<T> b) {
  return {wrap<T>(a.re + b.re), wrap<T>(a.im + b.im)};
}
template <class T> constexpr Complex<T> difference(Complex<T> a, Complex<T> b) {
  return {wrap<T>(a.re - b.re), wrap<T>(a.im - b.im)};
}
template <class T> constexpr Complex<T> conjugate(Complex<T> a) { return {a.re, wrap<T>(-a.im)}; }
template <class T> constexpr Wide<T> half(Wide<T> x) {
  if constexpr (is_real<T>)
    return x * 0.5f;
  else
    return x >> 1;
}
template <class T> constexpr Complex<T> get(const std::byte* from, int at) {
  constexpr int size = sizeof(T);
  return {load_aligned<T>(from + 2 * size * at), load_aligned<T>(from + 2 * size * at + size)};
}
template <class T> constexpr void put(std::byte* to, int at, Complex<T> a) {
  constexpr int size = sizeof(T);
  store_aligned(to + 2 * size * at, static_cast<T>(a.re));
  store_aligned(to + 2 * size * at + size, static_cast<T>(a.im));
}

// The stages of a transform of n: 4 as long as it divides, then 2. Where the sample `at` stands
// before the first of them.
constexpr int place(int at, int n) {
  int result = 0;
  for (int left = n; left > 1;) {
    const int radix = left % 4 == 0 ? 4 : 2;
    left /= radix;
    result += at % radix * left;
    at /= radix;
  }
  return result;
}

// One stage in place: `blocks` blocks of radix * rest values.
template <class T>
constexpr void stage2(std::byte* data, const std::byte* turns, int blocks, int rest) {
  for (int block = 0; block < blocks; ++block)
    for (int k = 0; k < rest; ++k) {
      const int at = 2 * rest * block + k;
      const Complex<T> a = divided(get<T>(data, at), 2);
      const Complex<T> b = times(divided(get<T>(data, at + rest), 2), get<T>(turns, k * blocks));
      put(data, at, sum(a, b));
      put(data, at + rest, difference(a, b));
    }
}
template <class T, bool inverse>
constexpr void stage4(std::byte* data, const std::byte* turns, int blocks, int rest) {
  for (int block = 0; block < blocks; ++block)
    for (int k = 0; k < rest; ++k) {
      const int at = 4 * rest * block + k;
      auto turned = [&](int n) {
        return times(divided(get<T>(data, at + n * rest), 4), get<T>(turns, n * k * blocks));
      };
      const Complex<T> a = divided(get<T>(data, at), 4), b = turned(1), c = turned(2),
                       d = turned(3);
      const Complex<T> less = difference(a, c), more = sum(a, c), other = difference(b, d),
                       total = sum(b, d);
      const Complex<T> across{other.im, wrap<T>(-other.re)};  // -i times
      put(data, at, sum(more, total));
      put(data, at + rest, inverse ? difference(less, across) : sum(less, across));
      put(data, at + 2 * rest, difference(more, total));
      put(data, at + 3 * rest, inverse ? sum(less, across) : difference(less, across));
    }
}

template <class T, bool inverse = false>
constexpr void transform(std::byte* data, const std::byte* turns, int n) {
  int done = n;  // the stages run from the shortest blocks on
  int rest = 1;
  const bool odd = (n & 0x2aaaaaaa) != 0;  // twice a power of 4: the innermost stage has radix 2
  if (odd) {
    done /= 2;
    stage2<T>(data, turns, done, rest);
    rest = 2;
  }
  while (done > 1) {
    done /= 4;
    stage4<T, inverse>(data, turns, done, rest);
    rest *= 4;
  }
}

// exp(-2 pi i k / n) for all k < n, then exp(-pi i ((k + 1) / n + 1/2)) for k < n / 2; of the
// inverse their conjugates.
template <class T> constexpr void pack_turns(Writer& to, int n, bool inverse) {
  auto put = [&](int part, int whole) {  // exp(-2 pi i part / whole)
    if (to.skips(2 * static_cast<int>(sizeof(T)))) return;
    const double sine = cos_of(part + 3 * whole / 4, whole);
    to.put(number<T>(cos_of(part, whole)));
    to.put(number<T>(inverse ? sine : -sine));
  };
  for (int k = 0; k < n; ++k) put(2 * k, 2 * n);
  for (int k = 0; k < n / 2; ++k) put(k + 1 + n / 2, 2 * n);
}

}  // namespace fft

}  // namespace graven::core::scalar_isa
