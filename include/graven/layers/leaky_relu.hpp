// LeakyReLU: x, where it is positive, else alpha * x
//
// TFLite's LEAKY_RELU. int8 (TFLM): (q - zero_in) requantized by scale_in / scale_out, or by
// scale_in * alpha / scale_out where it is negative; both quotients are float32. alpha may be
// negative or beyond 1.
#pragma once

#include "graven/graph/map.hpp"

namespace graven::core {

template <Real alpha> struct LeakyReLU : Map<LeakyReLU<alpha>> {
  static constexpr const char* op = "LEAKY_RELU";

  template <class> static constexpr float real(float x) { return x > 0 ? x : x * alpha.value(); }

  static constexpr std::int8_t entry(int q, Quant in, Quant out) {
    const int x = q - in.zero_point;
    const float ratio = (x >= 0 ? in.scale : in.scale * alpha.value()) / out.scale;
    const bool negative = ratio < 0;
    Multiplier m = quantize_multiplier(static_cast<double>(negative ? -ratio : ratio));
    if (negative) m.multiplier = -m.multiplier;
    return detail::finished(requantize(x, m), out);
  }
};

}  // namespace graven::core
