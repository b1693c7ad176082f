// SVDF of int8: sixteen inputs, or eight moments, at a time.
#pragma once

#if defined(__ARM_FEATURE_MVE)

#include "graven/isa/scalar/svdf.hpp"

#include <arm_mve.h>
#include <type_traits>

namespace graven::core::mve_isa {

struct SvdfVectors {
  static constexpr const char* name = "mve.svdf";

  static std::int32_t add_products(std::int32_t acc, const std::byte* x, const std::byte* w,
                                   int count) {
    for (; count > 0; count -= 16, x += 16, w += 16) {
      const mve_pred16_t some = vctp8q(static_cast<std::uint32_t>(count));
      acc = vmladavaq_s8(acc, vldrbq_z_s8(reinterpret_cast<const std::int8_t*>(x), some),
                         vldrbq_z_s8(reinterpret_cast<const std::int8_t*>(w), some));
    }
    return acc;
  }
  template <class Kept>
  static std::uint32_t advance(std::uint32_t sum, std::byte* state, const std::byte* time,
                               int count) {
    constexpr int size = sizeof(Kept);
    auto acc = static_cast<std::int32_t>(sum);
    for (; count > 0; count -= 8, state += 8 * size, time += 8 * size) {
      const mve_pred16_t some = vctp16q(static_cast<std::uint32_t>(count));
      const int16x8_t moments = eight<Kept>(state + size, some);
      acc = vmladavaq_s16(acc, moments, eight<Kept>(time, some));
      if constexpr (size == 2)
        vstrhq_p_s16(reinterpret_cast<std::int16_t*>(state), moments, some);
      else
        vstrbq_p_s16(reinterpret_cast<std::int8_t*>(state), moments, some);
    }
    return static_cast<std::uint32_t>(acc);
  }

private:
  template <class Kept> static int16x8_t eight(const std::byte* at, mve_pred16_t some) {
    if constexpr (std::is_same_v<Kept, std::int16_t>)
      return vldrhq_z_s16(reinterpret_cast<const std::int16_t*>(at), some);
    else
      return vldrbq_z_s16(reinterpret_cast<const std::int8_t*>(at), some);
  }
};
using Svdfs = scalar_isa::IntegerSvdfs<SvdfVectors>;

}  // namespace graven::core::mve_isa

#endif
