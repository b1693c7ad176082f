// Channels whose sums are scaled, so that all of a value are shifted alike.
//
// Halfwords have room for a power of two: acc' = acc * 2^(1 + s) with s = shift - e, where e is the
// right shift of the channel and `shift` one that all channels of the value share. Requantization
// is then exact in two instructions: SMMLA with a constant, and a saturation that shifts by an
// immediate. With z the zero point, the two roundings of
//   ((acc * m + 2^30) >> 31, then + 2^(e-1) - (acc < 0), then >> e) + z
// are one floor of (acc' * m / 2^32 + 2^(s-1) + (2 * z + 1) * 2^(shift-1) - (acc < 0) * 2^s)
// / 2^shift. What is negative saturates where z is the least value: its term is not needed there.
#pragma once

#if defined(__ARM_FEATURE_SIMD32) && defined(__thumb2__)

#include "graven/isa/armv7em/pairs.hpp"

namespace graven::core::armv7em_isa {

// A channel whose weights are scaled for a shift that several channels share.
struct Scaled {
  static constexpr int most_left = 7, most_shift = 22;

  std::int32_t bias, multiplier, rounding, negative;
  int left;  // 1 + s

  // The shift that serves every channel of a value, or 0: a multiple of four where it can be, so
  // that more values share their code. `fits(o, shift)`: does output o?
  template <class Fits>
  static constexpr int shift_of(const GraphView& g, const Value& v, const Parameters& p,
                                Fits fits) {
    if (!whole_range(v)) return 0;
    int least = most_shift, most = 0;
    for (int o = 0; o < v.shape.channels; ++o) {
      const int e = -channel_multiplier(g, v, p, o).shift;
      if (e < least) least = e;
      if (e > most) most = e;
    }
    for (int shift : {(most + 4) & ~3, most + 1}) {
      bool all = least >= 1 && shift <= most_shift && shift - least <= most_left;
      for (int o = 0; all && o < v.shape.channels; ++o) all = fits(o, shift);
      if (all) return shift;
    }
    return 0;
  }
  constexpr Scaled(const Channel& c, int shift, int zero)
      : bias(0), multiplier(c.multiplier.multiplier), rounding(0), negative(0),
        left(1 + shift + c.multiplier.shift) {
    bias = static_cast<std::int32_t>(static_cast<std::uint32_t>(c.bias) << left);
    rounding = (1 << (left - 2)) + (2 * zero + 1) * (1 << (shift - 1));
    negative = 1 << (left - 1);
  }
  // Does no sum of these weights with inputs up to `most` leave 32 bits?
  constexpr bool fits(const Channel& c, const Taps& taps, int most) const {
    std::int64_t reach = c.bias < 0 ? -std::int64_t{c.bias} : c.bias;
    for (int k = 0; k < taps.count; ++k) reach += most * (taps[k] < 0 ? -taps[k] : taps[k]);
    return !c.overflows && reach << left <= (std::numeric_limits<std::int32_t>::max)();
  }
  constexpr std::int32_t weights(const Taps& taps, int k) const {  // of inputs k and k + 2
    auto half = [&](int tap) { return static_cast<std::uint32_t>(taps[tap] << left) & 0xffff; };
    return static_cast<std::int32_t>(half(k) | half(k + 2) << 16);
  }
};

}  // namespace graven::core::armv7em_isa

#endif
