// AVX-VNNI: Intel's x86-64 from Alder Lake (2021) on, AMD's from Zen 5 on. Equal to scalar bit for
// bit.
#pragma once

#if defined(__AVXVNNI__) || (defined(__AVX512VNNI__) && defined(__AVX512VL__))

#include "graven/isa/avx2.hpp"
#include "graven/isa/avxvnni/lanes.hpp"
#include "graven/layers/conv2d.hpp"
#include "graven/layers/depthwise_conv2d.hpp"

namespace graven::core {

struct avxvnni : avx2 {
  static constexpr const char* name = "avxvnni";

  template <const auto& graph, int value> static constexpr auto kernel() {
    return quads<avxvnni_isa::Bytes, graph, value>();
  }

protected:
  // Convolutions by `Lanes`, the rest as AVX2.
  template <class Lanes, const auto& graph, int value> static constexpr auto quads() {
    constexpr const Value& v = graph.values[value];
    if constexpr (v.inputs == 0 || v.element != Element::int8 || !uniform(graph.view(), v))
      return avx2::kernel<graph, value>();
    else if constexpr (v.op == op::conv)
      return conv<Lanes, graph, value>();
    else if constexpr (v.op == op::depthwise)
      return avx2_isa::Depthwise<avxvnni_isa::TapQuads<Lanes>, band(graph.view(), value)>{};
    else
      return avx2::kernel<graph, value>();
  }
};

}  // namespace graven::core

namespace graven::core {
using core::avxvnni;
}

#endif
