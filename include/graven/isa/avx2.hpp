// AVX2: x86-64 from 2013 on. Equal to scalar bit for bit, in instructions decided by isa/avx2/.
#pragma once

#if defined(__AVX2__)

#include "graven/isa/avx2/conv.hpp"
#include "graven/isa/avx2/dense.hpp"
#include "graven/isa/avx2/depthwise.hpp"
#include "graven/isa/avx2/elementwise.hpp"
#include "graven/isa/avx2/pool.hpp"
#include "graven/isa/avx2/real.hpp"
#include "graven/isa/scalar.hpp"
#include "graven/layers/add.hpp"
#include "graven/layers/avg_pool.hpp"
#include "graven/layers/conv2d.hpp"
#include "graven/layers/dense.hpp"
#include "graven/layers/depthwise_conv2d.hpp"
#include "graven/layers/max_pool.hpp"
#include "graven/layers/resize_nearest.hpp"

namespace graven::core {

struct avx2 : scalar {
  static constexpr const char* name = "avx2";
  static constexpr int alignment = 32;

  // Rows that are padded once serve several rows of output.
  static constexpr int band(const GraphView& graph, int value) {
    const Value& v = graph[value];
    const bool windows = v.element == Element::int8 && v.dilation == Extent(1) &&
                         (v.op == op::conv || v.op == op::depthwise);
    return !windows || v.shape.height < 2 ? 1 : v.shape.height < 4 ? 2 : 4;
  }

  template <const auto& graph, int value> static constexpr auto kernel() {
    constexpr const Value& v = graph.values[value];
    using Inherited = decltype(scalar::kernel<graph, value>());
    if constexpr (v.inputs == 0 || !uniform(graph.view(), v))
      return Inherited();
    else if constexpr (v.op == op::nearest)
      return avx2_isa::Nearest{};
    else if constexpr (v.element == Element::int8)
      return int8_kernel<graph, value, Inherited>();
    else if constexpr (v.element == Element::float32)
      return float_kernel<graph, value, Inherited>();
    else
      return Inherited();
  }

protected:
  template <class Lanes, const auto& graph, int value> static constexpr auto conv() {
    namespace isa = avx2_isa;
    constexpr const Value& v = graph.values[value];
    constexpr int wide = Lanes::widest(v.shape.width), height = band(graph.view(), value);
    if constexpr (isa::PaddedRows<Lanes>::serves(v))
      return isa::Conv<Lanes, isa::PaddedRows, wide, height>{};
    else
      return isa::Conv<Lanes, isa::Patches, wide, 1>{};
  }

private:
  template <const auto& graph, int value, class Inherited> static constexpr auto int8_kernel() {
    constexpr const Value& v = graph.values[value];
    if constexpr (v.op == op::conv)
      return conv<avx2_isa::Words, graph, value>();
    else if constexpr (v.op == op::depthwise)
      return avx2_isa::Depthwise<avx2_isa::TapPairs, band(graph.view(), value)>{};
    else if constexpr (v.op == op::dense)
      return avx2_isa::DenseRows{};
    else if constexpr (v.op == op::add)
      return avx2_isa::Add{};
    else if constexpr (v.op == op::max_pool || v.op == op::average_pool)
      return pool<graph, value>(Inherited());
    else
      return Inherited();
  }
  template <const auto& graph, int value, class Inherited> static constexpr auto float_kernel() {
    constexpr const Value& v = graph.values[value];
    if constexpr (v.op == op::conv && avx2_isa::PaddedRows<avx2_isa::Floats>::serves(v))
      return conv<avx2_isa::Floats, graph, value>();
    else if constexpr (v.op == op::depthwise && avx2_isa::FloatDepthwise::serves(graph.view(), v))
      return avx2_isa::FloatDepthwise{};
    else
      return Inherited();
  }
  template <const auto& graph, int value, class Rule, bool Reduces>
  static constexpr auto pool(scalar_isa::Pool<std::int8_t, Rule, Reduces> inherited) {
    using K = avx2_isa::Pool<Rule, Reduces>;
    if constexpr (K::serves(graph.view(), graph.values[value]))
      return K{};
    else
      return inherited;
  }
};

}  // namespace graven::core

namespace graven::core {
using core::avx2;
}

#endif
