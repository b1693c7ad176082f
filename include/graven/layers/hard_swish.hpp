// HardSwish: x * min(max(x + 3, 0), 6) / 6
//
// TFLite's HARD_SWISH. int8 (TFLM): 16-bit fixed point. x has seven fractional bits; it is
// rescaled twice, to the output's scale and to units in which 3 is 2^15, and the latter becomes a
// factor from 0 to 1. The output's scale must be larger than 1/128 of the input's.
#pragma once

#include "graven/graph/map.hpp"

namespace graven::core {

struct HardSwish : Map<HardSwish> {
  static constexpr const char* op = "HARD_SWISH";

  template <class> static constexpr float real(float x) {
    const float above = x + 3 > 0 ? x + 3 : 0;
    return x * (above < 6 ? above : 6) / 6;
  }
  static constexpr float slope(float x) { return x <= -3 ? 0.0f : x >= 3 ? 1.0f : (2 * x + 3) / 6; }

  static constexpr std::int8_t entry(int q, Quant in, Quant out) {
    const float scale = in.scale * (1.0f / 128);
    const Multiplier to_output = half(quantize_multiplier(static_cast<double>(scale / out.scale)));
    const Multiplier to_factor =
        half(quantize_multiplier(static_cast<double>(scale / (3.0f / 32768))));
    const int x = (q - in.zero_point) * 128;
    const int product = rounded(x * to_output.multiplier);
    int factor = x;
    if (to_factor.shift > 0) factor = saturated(factor, to_factor.shift - 1);
    factor = rounded(factor * to_factor.multiplier);
    if (to_factor.shift > 0) factor = saturated(factor, 1);
    if (to_factor.shift < 0) factor = rounding_shift(factor, -to_factor.shift);
    factor = (factor + 32768) >> 1;
    return detail::finished(rounding_shift(factor * product / 32768, -to_output.shift), out);
  }

private:
  // The multiplier in 16 bits.
  static constexpr Multiplier half(Multiplier m) {
    const std::int64_t rounded = (std::int64_t{m.multiplier} + 32768) >> 16;
    return {static_cast<std::int32_t>(rounded < 32767 ? rounded : 32767), m.shift};
  }
  static constexpr int rounded(int product) { return (product + 16384) >> 15; }
  static constexpr int saturated(int x, int left) {
    const std::int64_t y = std::int64_t{x} << left;
    return static_cast<int>(y > 32767 ? 32767 : y < -32768 ? -32768 : y);
  }
};

}  // namespace graven::core
