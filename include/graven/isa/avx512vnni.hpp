// AVX-512 with VNNI: x86-64 servers from 2019 on, AMD's from Zen 4 on. Equal to scalar bit for bit.
#pragma once

#if defined(__AVX512VNNI__) && defined(__AVX512BW__) && defined(__AVX512VL__)

#include "graven/isa/avx2.hpp"
#include "graven/isa/avx512vnni/lanes.hpp"

namespace graven {

struct avx512vnni : avx2 {
  static constexpr const char* name = "avx512vnni";
  static constexpr int alignment = 64;

  template <const auto& graph, int value> static constexpr auto kernel() {
    namespace isa = avx512vnni_isa;
    constexpr const Value& v = graph.values[value];
    if constexpr (v.inputs == 0 || v.element != Element::int8 || !uniform(graph.view(), v))
      return avx2::kernel<graph, value>();
    else if constexpr (v.op == Op::conv)
      return conv<isa::Bytes, graph, value>();
    else if constexpr (v.op == Op::depthwise)
      return avx2_isa::Depthwise<isa::TapQuads, band(graph.view(), value)>{};
    else
      return avx2::kernel<graph, value>();
  }
};

}  // namespace graven

#endif
