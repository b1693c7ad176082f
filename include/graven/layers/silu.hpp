// SiLU: x / (1 + exp(-x)), the gate of most language models (also called Swish)
//
// PyTorch's silu. int8: a table of the real function.
#pragma once

#include "graven/graph/map.hpp"

namespace graven::core {

struct SiLU : Map<SiLU> {
  static constexpr const char* op = "SILU";
  template <class T> static constexpr float real(float x) {
    const T wide = static_cast<T>(x);
    return static_cast<float>(wide / (1 + floating_point::exp(-wide)));
  }
  static constexpr std::int8_t entry(int q, Quant in, Quant out) {
    return detail::table_entry(q, in, out, real<double>);
  }
};

}  // namespace graven::core
