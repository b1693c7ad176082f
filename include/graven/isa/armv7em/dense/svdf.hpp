// SVDF of int8: four inputs, or two moments of int16, at a time.
#pragma once

#if defined(__ARM_FEATURE_SIMD32) && defined(__thumb2__)

#include "graven/isa/armv7em/dsp.hpp"
#include "graven/isa/scalar/svdf.hpp"

#include <type_traits>

namespace graven::core::armv7em_isa {

struct SvdfPairs : scalar_isa::SvdfLoops {
  static constexpr const char* name = "armv7em.svdf";

  static std::int32_t add_products(std::int32_t acc, const std::byte* x, const std::byte* w,
                                   int count) {
    for (; count >= 4; count -= 4, x += 4, w += 4) {
      const auto inputs = load<std::uint32_t>(x), weights = load<std::uint32_t>(w);
      acc = smlad(even_bytes(inputs), even_bytes(weights), acc);
      acc = smlad(odd_bytes(inputs), odd_bytes(weights), acc);
    }
    return SvdfLoops::add_products(acc, x, w, count);
  }
  template <class Kept>
  static std::uint32_t advance(std::uint32_t sum, std::byte* state, const std::byte* time,
                               int count) {
    if constexpr (std::is_same_v<Kept, std::int16_t>) {
      for (; count >= 2; count -= 2, state += 4, time += 4) {
        const auto moments = load<std::uint32_t>(state + 2);
        store(state, moments);
        sum = static_cast<std::uint32_t>(
            smlad(moments, load<std::uint32_t>(time), static_cast<std::int32_t>(sum)));
      }
    }
    return SvdfLoops::advance<Kept>(sum, state, time, count);
  }
};
using Svdfs = scalar_isa::IntegerSvdfs<SvdfPairs>;

}  // namespace graven::core::armv7em_isa

#endif
