// Sigmoid: 1 / (1 + exp(-x))
//
// TFLite's LOGISTIC. int8: a table of 256 entries made by the compiler with gemmlowp's fixed point,
// as TFLM computes it; the output has scale 1/256 and zero point -128. int16: a table with
// interpolation; the output has scale 2^-15.
#pragma once

#include "graven/fixed_point.hpp"
#include "graven/floating_point.hpp"
#include "graven/graph/network.hpp"
#include "graven/interpolation.hpp"

namespace graven::core {

struct Sigmoid {
  static constexpr const char* op = "LOGISTIC";

  template <At in> static constexpr Shape output() { return in.shape; }
  template <At in, class Lowering> static constexpr View lower(Lowering& l, View input) {
    return detail::lower_map<in>(l, input, {entry, real<float>, wide, numbers, slope, exact},
                                 Quant{1.0f / 256, -128});
  }

  static constexpr std::int8_t entry(int q, Quant in, Quant) {
    return fixed_point::saturating_entry(
        q, in, [](std::int32_t x) { return rounding_shift(fixed_point::logistic(x), 23) - 128; });
  }
  static constexpr std::int16_t wide(std::int32_t q, const WordNumbers& n) {
    return interpolation::logistic(q, {n.values[0], n.values[1]});
  }
  static constexpr WordNumbers numbers(Quant in, Quant) {
    const interpolation::Scaling s = interpolation::scaling(in.scale, false);
    return {{s.multiplier, s.shift}};
  }
  template <class T> static constexpr T real(T x) { return 1 / (1 + __builtin_expf(-x)); }
  static constexpr float exact(float x) { return 1 / (1 + floating_point::exp(-x)); }
  static constexpr float slope(float x) { return exact(x) * exact(-x); }
};

}  // namespace graven::core
