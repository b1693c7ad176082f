// Armv6-M and Armv8-M Baseline: Cortex-M0, M0+, M1 and M23. Equal to scalar bit for bit, in
// instructions decided by isa/armv6m/; what it shares with Armv7-M is in isa/shared/thumb/.
#pragma once

#if defined(__ARM_ARCH_6M__) || defined(__ARM_ARCH_8M_BASE__)

#include "graven/isa/armv6m/core.hpp"
#include "graven/isa/shared/thumb/kernels.hpp"

namespace graven::core {

struct armv6m : thumb_isa::Kernels<armv6m_isa::Core> {
  static constexpr const char* name = "armv6m";
};

}  // namespace graven::core

namespace graven {
using core::armv6m;
}

#endif
