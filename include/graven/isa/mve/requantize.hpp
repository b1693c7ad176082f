// How the kernels of Helium turn 32-bit sums into int8 elements. VQRDMULH is the rounding high
// multiply of requantize() and VRSHL a rounding shift, which takes ties up: negative sums need one
// less before it. Packing finds the cheapest of three programs that is exact for a layer.
#pragma once

#if defined(__ARM_FEATURE_MVE)

#include "graven/isa/shared/attributes.hpp"
#include "graven/kernel/fold.hpp"
#include "graven/kernel/task.hpp"

namespace graven::core::mve_isa {

enum Program {
  rectified,  // no left shifts; the range is int8's and starts at the zero point: ties do not
              // matter
  shifted,    // right shifts only; the range is int8's
  general     // any shifts, any range
};
inline constexpr int all_programs = 3;

constexpr Program cheapest(const GraphView& g, const Value& v, const Parameters& p) {
  if (!whole_range(v)) return general;
  int most = -31;
  for (int o = 0; o < v.shape.channels; ++o)
    if (const int shift = fold(g, v, p, o).multiplier.shift; shift > most) most = shift;
  if (v.quant.zero_point == -128 && most <= 0) return rectified;
  return most < 0 ? shifted : general;
}

constexpr std::int8_t left_shift(const Channel& c) {
  return static_cast<std::int8_t>(c.multiplier.shift > 0 ? c.multiplier.shift : 0);
}
constexpr std::int8_t right_shift(const Channel& c) {  // as VRSHL wants it: not positive
  return static_cast<std::int8_t>(c.multiplier.shift < 0 ? c.multiplier.shift : 0);
}

}  // namespace graven::core::mve_isa

#endif
