// Armv7E-M: Cortex-M4, M7, M33 and M35P with the DSP extension (two 16-bit products per
// instruction). Equal to scalar bit for bit, in instructions decided by isa/armv7em/.
#pragma once

#if defined(__ARM_FEATURE_SIMD32) && defined(__thumb2__)

#include "graven/isa/armv7em/conv.hpp"
#include "graven/isa/armv7em/dense.hpp"
#include "graven/isa/armv7em/depthwise.hpp"
#include "graven/isa/scalar.hpp"

namespace graven {

struct armv7em : scalar {
  static constexpr const char* name = "armv7em";

  template <const auto& graph, int value> static constexpr auto kernel() {
    constexpr const Value& v = graph.values[value];
    constexpr bool int8 = v.element == Element::int8 && v.inputs > 0 &&
                          graph.values[graph.views[v.first_input].value].element == Element::int8;
    if constexpr (int8 && v.op == Op::conv)
      return conv<graph, value>();
    else if constexpr (int8 && v.op == Op::depthwise &&
                       armv7em_isa::Depthwise::serves(graph.view(), v))
      return armv7em_isa::Depthwise{};
    else
      return scalar::kernel<graph, value>();
  }

private:
  template <const auto& graph, int value> static constexpr auto conv() {
    namespace isa = armv7em_isa;
    constexpr GraphView g = graph.view();
    constexpr const Value& v = graph.values[value];
    constexpr int quads = isa::round4(isa::Windows::taps(g, v)) / 4;
    if constexpr (v.shape.width == 1) {
      if constexpr (isa::Dense<void>::in_place(g, v)) return isa::Dense<void>{};
      else return isa::Dense<isa::Bytes>{};
    } else if constexpr (isa::Points::serves(g, v)) return isa::Conv<isa::Points, quads>{};
    else if constexpr (isa::Windows::serves(g, v)) return isa::Conv<isa::Windows, quads>{};
    else return isa::Conv<isa::Bytes, quads>{};
  }
};

}  // namespace graven

#endif
