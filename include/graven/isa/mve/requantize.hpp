// How the kernels of Helium turn 32-bit sums into int8 elements. VQRDMULH is the rounding high
// multiply of requantize() and VRSHL a rounding shift, which takes ties up: negative sums need one
// less before it. Packing finds the cheapest of three programs that is exact for a layer.
#pragma once

#if defined(__ARM_FEATURE_MVE)

#include "graven/isa/shared/attributes.hpp"
#include "graven/kernel/fold.hpp"
#include "graven/kernel/task.hpp"

#include <arm_mve.h>

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

inline int32x4_t words_at(const std::byte* at) {
  return vldrwq_s32(reinterpret_cast<const std::int32_t*>(at));
}
// requantize() of four sums, of any shifts.
inline int32x4_t requantize(int32x4_t sums, int32x4_t multiplier, int32x4_t shift) {
  const int32x4_t zero = vdupq_n_s32(0), right = vminq_s32(shift, zero);
  const int32x4_t y = vqrdmulhq_s32(vshlq_s32(sums, vmaxq_s32(shift, zero)), multiplier);
  return vrshlq_s32(vaddq_s32(y, vshrq_n_s32(vandq_s32(y, right), 31)), right);
}
// The first `left` of four elements.
template <class T> void put_four(std::byte* out, int32x4_t y, Clamp range, int left) {
  y = vmaxq_s32(vminq_s32(y, vdupq_n_s32(range.high)), vdupq_n_s32(range.low));
  const mve_pred16_t some = vctp32q(static_cast<std::uint32_t>(left));
  if constexpr (sizeof(T) == 1)
    vstrbq_p_s32(reinterpret_cast<std::int8_t*>(out), y, some);
  else
    vstrhq_p_s32(reinterpret_cast<std::int16_t*>(out), y, some);
}

}  // namespace graven::core::mve_isa

#endif
