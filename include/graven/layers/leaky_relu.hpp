// LeakyReLU: x, where it is positive, else alpha * x
//
// TFLite's LEAKY_RELU. int8 (TFLM): (q - zero_in) requantized by scale_in / scale_out, or by
// scale_in * alpha / scale_out where it is negative, both in double. alpha may be negative or
// beyond 1.
#pragma once

#include "graven/graph/map.hpp"

namespace graven::core {

template <Real alpha> struct LeakyReLU : Map<LeakyReLU<alpha>> {
  static constexpr const char* op = "LEAKY_RELU";

  template <class> static constexpr float real(float x) { return x > 0 ? x : x * alpha.value(); }
  static constexpr float slope(float x) { return x > 0 ? 1.0f : alpha.value(); }

  static constexpr std::int8_t entry(int q, Quant in, Quant out) {
    const int x = q - in.zero_point;
    return detail::finished(requantize(x, multiplier(x >= 0 ? 1.0f : alpha.value(), in, out)), out);
  }

  static constexpr Multiplier multiplier(float slope, Quant in, Quant out) {
    const double scale = static_cast<double>(in.scale) * static_cast<double>(slope);
    const double ratio = scale / static_cast<double>(out.scale);
    Multiplier found = quantize_multiplier(ratio < 0 ? -ratio : ratio);
    if (ratio < 0) found.multiplier = -found.multiplier;
    return found;
  }

  static constexpr WordNumbers numbers(Quant in, Quant out) {
    const Multiplier positive = multiplier(1.0f, in, out);
    const Multiplier negative = multiplier(alpha.value(), in, out);
    return {{positive.multiplier, positive.shift, negative.multiplier, negative.shift}};
  }
  static constexpr std::int16_t wide(std::int32_t q, const WordNumbers& n) {
    const Multiplier m = q >= 0 ? Multiplier{n.values[0], static_cast<int>(n.values[1])}
                                : Multiplier{n.values[2], static_cast<int>(n.values[3])};
    return static_cast<std::int16_t>(clamp(requantize(q, m), {-32768, 32767}));
  }
};

}  // namespace graven::core
