// Resize by whole pixels.
#pragma once

#if defined(__ARM_FEATURE_SIMD32) && defined(__thumb2__)

#include "graven/isa/armv7em/conv/tiles.hpp"
#include "graven/isa/scalar/resize.hpp"

namespace graven::core::armv7em_isa {

struct Nearest : scalar_isa::Nearest {
  static constexpr const char* name = "armv7em.nearest";
  static void run(const Task& task, const Band& band) {
    Reader from{task.stream};
    const int pixel = from.next<std::int32_t>(), width = task.out_width;
    const std::byte* row = band.rows[0];
    std::byte* out = band.out[0];
    for (int x = 0; x < width; ++x)
      out = copy(out, row + from.next<std::uint16_t>() * pixel, pixel);
  }
};

}  // namespace graven::core::armv7em_isa

#endif
