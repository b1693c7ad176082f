// Armv7-M: Cortex-M3, and any larger Cortex-M without its DSP extension. Equal to scalar bit for
// bit, in instructions decided by isa/armv7m/; what it shares with Armv6-M is in isa/thumb/.
#pragma once

#if defined(__thumb2__)

#include "graven/isa/armv7m/core.hpp"
#include "graven/isa/scalar.hpp"

namespace graven {

struct armv7m : scalar {
  static constexpr const char* name = "armv7m";

  template <const auto& graph, int value> static constexpr auto kernel() {
    using Core = armv7m_isa::Core;
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
