// Armv7E-M: Cortex-M4, M7, M33 and M35P with the DSP extension (two 16-bit products per
// instruction). Equal to scalar bit for bit, in instructions decided by isa/armv7em/.
#pragma once

#if defined(__ARM_FEATURE_SIMD32) && defined(__thumb2__)

#include "graven/isa/armv7em/conv.hpp"
#include "graven/isa/scalar.hpp"

namespace graven {

struct armv7em : scalar {
  static constexpr const char* name = "armv7em";

  template <const auto& graph, int value> static constexpr auto kernel() {
    constexpr const Value& v = graph.values[value];
    constexpr bool int8 = v.element == Element::int8 && v.inputs > 0 &&
                          graph.values[graph.views[v.first_input].value].element == Element::int8;
    if constexpr (int8 && v.op == Op::conv && v.shape.width > 1)
      return conv<graph, value>();
    else
      return scalar::kernel<graph, value>();
  }

private:
  template <const auto& graph, int value> static constexpr auto conv() {
    using namespace armv7em_isa;
    constexpr GraphView g = graph.view();
    constexpr const Value& v = graph.values[value];
    constexpr int quads = round4(Windows::taps(g, v)) / 4;
    if constexpr (Points::serves(g, v)) return Conv<Points, quads>{};
    else if constexpr (Windows::serves(g, v)) return Conv<Windows, quads>{};
    else return Conv<Bytes, quads>{};
  }
};

}  // namespace graven

#endif
