// Functions of real numbers, element by element, by TFLite's names: ABS, NEG, SQUARE, SQRT, RSQRT,
// EXP, LOG, SIN, COS, FLOOR, CEIL, ROUND (halves to even), SIGN.
//
// float32: graven/floating_point.hpp. int8 and int16: Abs and Rsqrt as TFLM; Exp, Log and Sqrt as
// LiteRT, whose SQRT truncates, and whose int16 Exp and Log are tables; the others have no integer
// form in either. (LiteRT's NEG negates the integers themselves, whatever their scales.) Where a
// function is not defined, integers take its limit: the least output for Log, the greatest for
// Rsqrt, that of 0 for Sqrt.
#pragma once

#include "graven/fixed_point.hpp"
#include "graven/graph/map.hpp"

#include <bit>

namespace graven::core {

struct Abs : Map<Abs> {
  static constexpr const char* op = "ABS";
  template <class> static constexpr float real(float x) { return floating_point::magnitude(x); }
  static constexpr float slope(float x) { return x > 0 ? 1.0f : x < 0 ? -1.0f : 0.0f; }
  static constexpr std::int8_t entry(int q, Quant in, Quant out) {
    const int x = q < in.zero_point ? in.zero_point - q : q - in.zero_point;
    return detail::finished(requantize(x, ratio(in, out)), out);
  }
  static constexpr WordNumbers numbers(Quant in, Quant out) {
    const Multiplier m = ratio(in, out);
    return {{m.multiplier, m.shift}};
  }
  static constexpr std::int16_t wide(std::int32_t q, const WordNumbers& n) {
    const Multiplier m{n.values[0], static_cast<int>(n.values[1])};
    return static_cast<std::int16_t>(clamp(requantize(q < 0 ? -q : q, m), {-32768, 32767}));
  }

private:
  static constexpr Multiplier ratio(Quant in, Quant out) {
    return quantize_multiplier(static_cast<double>(in.scale) / static_cast<double>(out.scale));
  }
};

struct Neg : Map<Neg> {
  static constexpr const char* op = "NEG";
  template <class> static constexpr float real(float x) { return -x; }
  static constexpr float slope(float) { return -1; }
};

struct Square : Map<Square> {
  static constexpr const char* op = "SQUARE";
  template <class> static constexpr float real(float x) { return x * x; }
  static constexpr float slope(float x) { return 2 * x; }
};

struct Sqrt : Map<Sqrt> {
  static constexpr const char* op = "SQRT";
  template <class> static constexpr float real(float x) { return floating_point::sqrt(x); }
  static constexpr std::int8_t entry(int q, Quant in, Quant out) {
    const float x = dequantize(q, in);
    const float steps = x > 0 ? floating_point::sqrt(x) / out.scale : 0;
    return detail::finished(steps < 1e6f ? static_cast<int>(steps) : 1000000, out);
  }
  static constexpr WordNumbers numbers(Quant in, Quant out) {
    return {{std::bit_cast<std::int32_t>(in.scale), std::bit_cast<std::int32_t>(out.scale)}};
  }
  static constexpr std::int16_t wide(std::int32_t q, const WordNumbers& n) {
    if (q <= 0) return 0;
    const float x = std::bit_cast<float>(n.values[0]) * static_cast<float>(q);
    const float steps = floating_point::sqrt(x) / std::bit_cast<float>(n.values[1]);
    return static_cast<std::int16_t>(steps < 32767 ? steps : 32767);
  }
};

struct Rsqrt : Map<Rsqrt> {
  static constexpr const char* op = "RSQRT";
  template <class> static constexpr float real(float x) { return floating_point::rsqrt(x); }

  static constexpr std::int8_t entry(int q, Quant in, Quant out) {
    const int x = q - in.zero_point;
    return x <= 0 ? std::int8_t{127} : detail::finished(steps(x, ratio(in, out)), out);
  }
  static constexpr WordNumbers numbers(Quant in, Quant out) {
    const Multiplier m = ratio(in, out);
    return {{m.multiplier, m.shift}};
  }
  static constexpr std::int16_t wide(std::int32_t q, const WordNumbers& n) {
    if (q <= 0) return 32767;
    const std::int32_t found = steps(q, {n.values[0], static_cast<int>(n.values[1])});
    return static_cast<std::int16_t>(found < 32767 ? found : 32767);
  }

private:
  // 1 / sqrt(x) in 2^-20, then by 1 / (sqrt(scale_in) * scale_out), which saturates.
  static constexpr std::int32_t steps(std::int32_t x, Multiplier m) {
    Multiplier inverse = fixed_point::inverse_sqrt(x);
    inverse.shift += 20;
    const int left = m.shift > 0 ? m.shift : 0;
    const std::int32_t root = fixed_point::saturating_shift_left(requantize(1, inverse), left);
    const int right = m.shift - left;
    return right < -31 ? 0 : requantize(root, {m.multiplier, right});  // of less than 2^31
  }
  static constexpr Multiplier ratio(Quant in, Quant out) {
    const double root = floating_point::sqrt(static_cast<double>(in.scale));
    Multiplier m = quantize_multiplier(1 / (root * static_cast<double>(out.scale)));
    m.shift -= 20;
    return m;
  }
};

struct Exp : Map<Exp> {
  static constexpr const char* op = "EXP";
  template <class T> static constexpr float real(float x) {
    if (x > 100) return floating_point::infinity<float>;
    return static_cast<float>(floating_point::exp(static_cast<T>(x)));
  }
  static constexpr float slope(float x) { return floating_point::exp(x); }
  static constexpr float sample(float x, Quant) { return real<double>(x); }
  static constexpr std::int8_t entry(int q, Quant in, Quant out) {
    return detail::table_entry(q, in, out, real<double>);
  }
};

struct Log : Map<Log> {
  static constexpr const char* op = "LOG";
  template <class T> static constexpr float real(float x) {
    return static_cast<float>(floating_point::log(static_cast<T>(x)));
  }
  static constexpr std::int8_t entry(int q, Quant in, Quant out) {
    if (q <= in.zero_point) return -128;
    return detail::table_entry(q, in, out, real<double>);
  }
  static constexpr float sample(float x, Quant out) {
    return x > 0 ? real<double>(x) : -32768 * out.scale;
  }
};

struct Sin : Map<Sin> {
  static constexpr const char* op = "SIN";
  template <class> static constexpr float real(float x) { return floating_point::sin(x); }
  static constexpr float slope(float x) { return floating_point::cos(x); }
};

struct Cos : Map<Cos> {
  static constexpr const char* op = "COS";
  template <class> static constexpr float real(float x) { return floating_point::cos(x); }
  static constexpr float slope(float x) { return -floating_point::sin(x); }
};

struct Floor : Map<Floor> {
  static constexpr const char* op = "FLOOR";
  template <class> static constexpr float real(float x) { return floating_point::floor(x); }
};

struct Ceil : Map<Ceil> {
  static constexpr const char* op = "CEIL";
  template <class> static constexpr float real(float x) { return floating_point::ceil(x); }
};

struct Round : Map<Round> {
  static constexpr const char* op = "ROUND";
  template <class> static constexpr float real(float x) { return floating_point::round_to_even(x); }
};

struct Sign : Map<Sign> {
  static constexpr const char* op = "SIGN";
  template <class> static constexpr float real(float x) {
    return x > 0 ? 1.0f : x < 0 ? -1.0f : 0.0f;
  }
};

}  // namespace graven::core
