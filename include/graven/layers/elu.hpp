// ELU: x, where it is not negative, else exp(x) - 1
//
// TFLite's ELU. int8 (TFLM): a table of the real function in float32.
#pragma once

#include "graven/graph/map.hpp"

namespace graven::core {

struct ELU : Map<ELU> {
  static constexpr const char* op = "ELU";

  template <class> static constexpr float real(float x) {
    return x < 0 ? floating_point::expm1(x) : x;
  }
  static constexpr float slope(float x) { return x < 0 ? floating_point::exp(x) : 1.0f; }
  static constexpr std::int8_t entry(int q, Quant in, Quant out) {
    return detail::table_entry(q, in, out, [](float x) {
      return x < 0 ? static_cast<float>(floating_point::exp(static_cast<double>(x))) - 1 : x;
    });
  }
};

}  // namespace graven::core
