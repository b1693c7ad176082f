// RV32IMC: microcontrollers with the multiplier of extension M. Equal to scalar bit for bit, in
// instructions decided by isa/rv32imc/.
#pragma once

#if defined(__riscv_mul) && __riscv_xlen == 32

#include "graven/isa/rv32imc/conv.hpp"
#include "graven/isa/rv32imc/dense.hpp"
#include "graven/isa/rv32imc/depthwise.hpp"
#include "graven/isa/rv32imc/taps.hpp"
#include "graven/isa/scalar.hpp"
#include "graven/isa/shared/bytewise.hpp"
#include "graven/isa/shared/small_windows.hpp"
#include "graven/layers/conv2d.hpp"
#include "graven/layers/dense.hpp"
#include "graven/layers/depthwise_conv2d.hpp"
#include "graven/layers/resize_nearest.hpp"

namespace graven::core {

struct rv32imc : scalar {
  static constexpr const char* name = "rv32imc";

  template <const auto& graph, int value> static constexpr auto kernel() {
    constexpr const Value& v = graph.values[value];
    constexpr bool int8 = v.element == Element::int8 && v.inputs > 0 &&
                          graph.values[graph.views[v.first_input].value].element == Element::int8;
    if constexpr (int8 && v.op == op::conv)
      return conv<graph, value>();
    else if constexpr (int8 && v.op == op::dense)
      return rv32imc_isa::Dense<true>{};
    else if constexpr (int8 && v.op == op::depthwise &&
                       rv32imc_isa::Depthwise3<1>::serves(graph.view(), v))
      return rv32imc_isa::Depthwise3<1>{};
    else if constexpr (int8 && v.op == op::depthwise &&
                       rv32imc_isa::Depthwise3<2>::serves(graph.view(), v))
      return rv32imc_isa::Depthwise3<2>{};
    else if constexpr (int8 && v.op == op::depthwise)
      return tiled_depthwise<graph, value>();
    else if constexpr (int8 && adds_bytes(graph.view(), v))
      return add_bytes<WideProducts, graph, value>();
    else if constexpr (is_small_pool(graph.view(), value))
      return small_pool<graph, value>(scalar::kernel<graph, value>());
    else if constexpr (v.op == op::nearest)
      return NearestInWords{};
    else
      return scalar::kernel<graph, value>();
  }

private:
  template <const auto& graph, int value> static constexpr auto tiled_depthwise() {
    using Core = rv32imc_isa::TileCore;
    constexpr const Value& v = graph.values[value];
    return TiledDepthwise<Core, TapRuns::of(graph.view(), v, Core::most_outputs)>{};
  }
  template <const auto& graph, int value> static constexpr auto conv() {
    namespace isa = rv32imc_isa;
    constexpr const Value& v = graph.values[value];
    constexpr int taps = v.filter.area() * graph.views[v.first_input].shape.channels;
    if constexpr (v.shape.width == 1)
      return isa::Dense<false>{};
    else
      return isa::Conv<isa::most_pairs(v.shape.width, taps)>{};
  }
};

}  // namespace graven::core

namespace graven::core {
using core::rv32imc;
}

#endif
