// Armv6-M and Armv8-M Baseline: Cortex-M0, M0+, M1 and M23. Equal to scalar bit for bit, in
// instructions decided by isa/armv6m/; what it shares with Armv7-M is in isa/thumb/.
#pragma once

#if defined(__ARM_ARCH_6M__) || defined(__ARM_ARCH_8M_BASE__)

#include "graven/isa/armv6m/core.hpp"
#include "graven/isa/scalar.hpp"

namespace graven {

struct armv6m : scalar {
  static constexpr const char* name = "armv6m";

  template <const auto& graph, int value> static constexpr auto kernel() {
    using Core = armv6m_isa::Core;
    if constexpr (thumb_isa::serves_conv(graph.view(), value))
      return thumb_isa::conv<Core, graph, value>();
    else if constexpr (thumb_isa::serves_depthwise(graph.view(), value))
      return thumb_isa::Depthwise<Core, graph.values[value].stride.width>{};
    else if constexpr (thumb_isa::serves_dense(graph.view(), value))
      return thumb_isa::dense<Core, graph, value>();
    else
      return scalar::kernel<graph, value>();
  }
};

}  // namespace graven

#endif
