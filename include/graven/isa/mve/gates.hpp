// From the rounded sums of four units to their hidden states, as the cells of integers have it
// (scalar/recurrent_integer.hpp).
#pragma once

#if defined(__ARM_FEATURE_MVE)

#include "graven/isa/scalar/recurrent_integer.hpp"

#include <arm_mve.h>

namespace graven::core::mve_isa {

using Words = int32x4_t;

inline Words clamped(Words x, std::int32_t low, std::int32_t high) {
  return vmaxq_s32(vminq_s32(x, vdupq_n_s32(high)), vdupq_n_s32(low));
}
inline Words to_int16(Words x) { return clamped(x, -32768, 32767); }

// requantize(), whose ties of negative numbers go down: one less before the shift, where there is
// one. `right` as VRSHL wants it: not positive.
inline Words requantized(Words x, Words multiplier, Words left, Words right) {
  const Words high = vqrdmulhq_s32(vshlq_s32(x, left), multiplier);
  const Words less = vshrq_n_s32(vandq_s32(high, right), 31);
  return vrshlq_s32(vqaddq_s32(high, less), right);
}
inline Words requantized(Words x, Multiplier m) {
  return requantized(x, vdupq_n_s32(m.multiplier), vdupq_n_s32(m.shift > 0 ? m.shift : 0),
                     vdupq_n_s32(m.shift < 0 ? m.shift : 0));
}

// fixed_point::interpolated, logistic16 and tanh16.
template <int bits> inline Words interpolated(Words x) {
  const uint32x4_t place = vreinterpretq_u32_s32(x), raw = vshrq_n_u32(place, bits);
  const uint32x4_t entry = vminq_u32(raw, vdupq_n_u32(254));
  const uint32x4_t here = vldrhq_gather_shifted_offset_u32(fixed_point::logistic_table, entry);
  const uint32x4_t next = vldrhq_gather_shifted_offset_u32(fixed_point::logistic_table + 1, entry);
  const uint32x4_t part = vandq_u32(place, vdupq_n_u32((1 << bits) - 1));
  const uint32x4_t y = vaddq_u32(vshlq_n_u32(here, bits), vmulq_u32(part, vsubq_u32(next, here)));
  const Words most = vdupq_n_s32(bits == 9 ? 0x7fff << 10 : 0xffff << 8);
  return vpselq_s32(most, vreinterpretq_s32_u32(y), vcmphiq_n_u32(raw, 254));
}
inline Words logistic16(Words x) {
  const Words sign = vshrq_n_s32(x, 31), y = interpolated<9>(vabsq_s32(x));
  const Words offset = vaddq_n_s32(vandq_s32(sign, vdupq_n_s32(1 << 25)), 512);
  return vshrq_n_s32(vaddq_s32(veorq_s32(y, sign), offset), 10);
}
inline Words tanh16(Words x) {
  const Words sign = vshrq_n_s32(x, 31);
  const Words y = vsubq_n_s32(interpolated<8>(vabsq_s32(x)), 1 << 23);
  return vshrq_n_s32(vaddq_n_s32(veorq_s32(y, sign), 128), 8);
}
inline Words q15(Words product) { return vshrq_n_s32(vaddq_n_s32(product, 1 << 14), 15); }

// Both parts of every gate of four units, unit by unit; `units` are those that exist.
template <int gates> struct FourUnits {
  using Numbers = scalar_isa::CellNumbers<gates>;
  const Numbers& n;
  const std::int32_t *input, *recurrent;
  mve_pred16_t units;

  Words part(const std::int32_t* of, int gate) const {
    return vldrwq_gather_shifted_offset_s32(of + gate, vmulq_n_u32(vidupq_n_u32(0, 1), gates));
  }
  Words whole(Words first, Words second) const { return to_int16(vaddq_s32(first, second)); }
  Words sum(int gate) const { return whole(part(input, gate), part(recurrent, gate)); }
  static Words thrice(Words x) { return vmulq_n_s32(x, 3); }
  Words logistic(int gate) const { return logistic16(thrice(sum(gate))); }
  Words hidden(Words x) const {
    return clamped(vaddq_n_s32(requantized(x, n.hidden), n.zero), -128, 127);
  }
  Words memory(const std::byte* at) const {
    return vldrhq_z_s32(reinterpret_cast<const std::int16_t*>(at), units);
  }
  void keep(std::byte* at, Words x) const {
    vstrhq_p_s32(reinterpret_cast<std::int16_t*>(at), x, units);
  }

  Words finish(std::byte* kept) const {
    if constexpr (gates == 4)
      return lstm(kept);
    else if constexpr (gates == 3)
      return gru(kept);
    else
      return rnn();
  }
  Words lstm(std::byte* cell) const {
    const Words kept = vmulq_s32(logistic(1), memory(cell));
    const Words entering = vmulq_s32(logistic(0), tanh16(thrice(sum(2))));
    Words state = to_int16(
        vaddq_s32(to_int16(requantized(kept, n.kept)), to_int16(requantized(entering, n.entered))));
    if (n.clip > 0) state = clamped(state, -n.clip, n.clip);
    keep(cell, state);
    const Words scaled = n.shift >= 0 ? vshlq_r_s32(thrice(state), n.shift)
                                      : vrshlq_s32(thrice(state), vdupq_n_s32(n.shift));
    return hidden(vmulq_s32(tanh16(scaled), logistic(3)));
  }
  Words gru(std::byte* kept) const {
    const Words again = q15(vmulq_s32(logistic(1), part(recurrent, 2)));
    const Words offered = tanh16(thrice(whole(part(input, 2), again)));
    const Words rest = q15(vmulq_s32(logistic(0), vsubq_s32(memory(kept), offered)));
    const Words state = vaddq_s32(offered, rest);
    keep(kept, state);
    return hidden(state);
  }
  Words rnn() const {
    if (n.variant == static_cast<int>(Squash::relu))
      return hidden(vmaxq_s32(sum(0), vdupq_n_s32(0)));
    return hidden(tanh16(thrice(sum(0))));
  }
};

}  // namespace graven::core::mve_isa

#endif
