// Which kernel serves a value, for the cores without SIMD: what differs between them is the Core.
#pragma once

#include "graven/isa/scalar.hpp"
#include "graven/isa/shared/bytewise.hpp"
#include "graven/isa/shared/small_windows.hpp"
#include "graven/isa/shared/thumb/conv.hpp"
#include "graven/isa/shared/thumb/dense.hpp"
#include "graven/isa/shared/thumb/depthwise.hpp"
#include "graven/layers/resize_nearest.hpp"

namespace graven::core::thumb_isa {

template <class Core> struct Kernels : scalar {
  template <const auto& graph, int value> static constexpr auto kernel() {
    if constexpr (serves_conv(graph.view(), value))
      return conv<Core, graph, value>();
    else if constexpr (serves_depthwise(graph.view(), value))
      return Depthwise<Core, graph.values[value].stride.width>{};
    else if constexpr (serves_tiled_depthwise(graph.view(), value))
      return tiled_depthwise<Core, graph, value>();
    else if constexpr (serves_dense(graph.view(), value))
      return dense<Core, graph, value>();
    else if constexpr (adds_bytes(graph.view(), graph.values[value]))
      return add_bytes<typename Core::Products, graph, value>();
    else if constexpr (graph.values[value].op == op::nearest)
      return NearestInWords{};
    else if constexpr (is_small_pool(graph.view(), value))
      return small_pool<graph, value>(scalar::kernel<graph, value>());
    else
      return scalar::kernel<graph, value>();
  }
};

}  // namespace graven::core::thumb_isa
