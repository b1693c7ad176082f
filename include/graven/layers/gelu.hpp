// GELU: x * P(N <= x) of a normal variable N, 0.5 * x * erfc(-x / sqrt(2));
// GELUTanh: 0.5 * x * (1 + tanh(sqrt(2 / pi) * (x + 0.044715 * x^3)))
//
// TFLite's GELU, whose option is called approximate. int8 (LiteRT; TFLM has none): a table of the
// real function in float32; int16: a table with interpolation.
#pragma once

#include "graven/graph/map.hpp"

namespace graven::core {

template <bool approximate> struct GELUWith : Map<GELUWith<approximate>> {
  static constexpr const char* op = "GELU";

  template <class T> static constexpr float real(float x) {
    if constexpr (approximate) {
      const float inside = 0.797884561f * (x + 0.044715f * x * x * x);
      return 0.5f * x * (1 + static_cast<float>(floating_point::tanh(static_cast<T>(inside))));
    } else {
      const float inside = x * -0.707106781f;
      return 0.5f * x * static_cast<float>(floating_point::erfc(static_cast<T>(inside)));
    }
  }
  static constexpr std::int8_t entry(int q, Quant in, Quant out) {
    return detail::table_entry(q, in, out, [](float x) { return GELUWith::real<double>(x); });
  }
  static constexpr float sample(float x, Quant) { return real<double>(x); }
};
using GELU = GELUWith<false>;
using GELUTanh = GELUWith<true>;

}  // namespace graven::core
