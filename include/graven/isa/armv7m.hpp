// Armv7-M: Cortex-M3, and any larger Cortex-M without its DSP extension. Equal to scalar bit for
// bit, in instructions decided by isa/armv7m/; what it shares with Armv6-M is in isa/shared/thumb/.
#pragma once

#if defined(__thumb2__)

#include "graven/isa/armv7m/core.hpp"
#include "graven/isa/shared/thumb/kernels.hpp"

namespace graven::core {

struct armv7m : thumb_isa::Kernels<armv7m_isa::Core> {
  static constexpr const char* name = "armv7m";
};

}  // namespace graven::core

namespace graven {
using core::armv7m;
}

#endif
