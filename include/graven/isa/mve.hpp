// Helium, the vector extension of Armv8.1-M (Cortex-M55, M85): sixteen int8 products per
// instruction. Equal to scalar bit for bit; the kernels are in isa/mve/.
#pragma once

#if defined(__ARM_FEATURE_MVE)

#include "graven/isa/mve/conv/conv.hpp"
#include "graven/isa/mve/dense.hpp"
#include "graven/isa/mve/depthwise/columns.hpp"
#include "graven/isa/mve/depthwise/depthwise.hpp"
#include "graven/isa/mve/depthwise/taps.hpp"
#include "graven/isa/mve/elementwise.hpp"
#include "graven/isa/mve/pool.hpp"
#include "graven/isa/mve/resize.hpp"
#include "graven/isa/scalar.hpp"
#include "graven/isa/shared/fpu/real.hpp"
#include "graven/layers/add.hpp"
#include "graven/layers/avg_pool.hpp"
#include "graven/layers/conv2d.hpp"
#include "graven/layers/dense.hpp"
#include "graven/layers/depthwise_conv2d.hpp"
#include "graven/layers/max_pool.hpp"
#include "graven/layers/mean.hpp"
#include "graven/layers/resize_bilinear.hpp"

#include <limits>

namespace graven::core {

// Windows go by columns (columns.hpp) where a row of them fits in `column_bytes` of scratch.
template <int column_bytes> struct mve_kernels : scalar {
  static constexpr const char* name = "mve";

  template <const auto& graph, int value> static constexpr auto kernel() {
    constexpr GraphView g = graph.view();
    constexpr const Value& v = graph.values[value];
    constexpr bool int8 = v.element == Element::int8 && v.inputs > 0 &&
                          graph.values[graph.views[v.first_input].value].element == Element::int8;
    if constexpr (int8 && by_columns(g, v)) {
      return columns<graph, value>();
    } else if constexpr (int8 && v.op == op::conv) {
      return mve_isa::Conv<mve_isa::inputs_of(g, v)>{};
    } else if constexpr (int8 && v.op == op::depthwise && v.filter == Extent(3) &&
                         v.shape.channels == g.input(v).shape.channels) {
      constexpr mve_isa::Blocks blocks = mve_isa::blocks_of(v);
      constexpr int few = blocks == mve_isa::Blocks::narrow ? v.shape.channels : 16;
      return mve_isa::Depthwise3x3<blocks, few>{};
    } else if constexpr (int8 && v.op == op::depthwise &&
                         v.shape.channels == g.input(v).shape.channels) {
      return mve_isa::AnyDepthwise{};
    } else if constexpr (int8 && v.op == op::dense) {
      return mve_isa::DenseRows{};
    } else if constexpr (int8 && v.op == op::add && mve_isa::adds(g, v)) {
      return mve_isa::Add<mve_isa::halves(g, v, 0), mve_isa::halves(g, v, 1),
                          mve_isa::adding_program(v)>{};
    } else if constexpr (int8 && (v.op == op::map || v.op == op::clamp)) {
      return mve_isa::Map{};
    } else if constexpr (int8 && v.op == op::max_pool && !v.reduces) {
      return mve_isa::MaxPool{};
    } else if constexpr (int8 && v.op == op::average_pool && v.filter.area() <= 255) {
      return mve_isa::AveragePool<v.reduces>{};
    } else if constexpr (int8 && v.op == op::mean &&
                         !has(v.options.get<MeanOptions>().axes, Axis::channels)) {
      return mve_isa::Mean<decltype(scalar::kernel<graph, value>())>{};
    } else if constexpr (int8 && v.op == op::bilinear) {
      return scalar_isa::BilinearInt8<mve_isa::Blend>{};
    } else if constexpr (!std::is_void_v<decltype(fpu_isa::kernel<graph, value>())>) {
      return fpu_isa::kernel<graph, value>();
    } else {
      return scalar::kernel<graph, value>();
    }
  }

private:
  static constexpr bool by_columns(const GraphView& g, const Value& v) {
    return (v.op == op::conv || v.op == op::depthwise) && mve_isa::by_columns(g, v) &&
           mve_isa::ColumnsShape(g, v).scratch <= column_bytes;
  }
  template <const auto& graph, int value> static constexpr auto columns() {
    constexpr mve_isa::ColumnsShape shape(graph.view(), graph.values[value]);
    return mve_isa::ColumnsDepthwise<shape.vectors, shape.lanes == 8>{};
  }
};

struct mve : mve_kernels<(std::numeric_limits<int>::max)()> {
  using lean = mve_kernels<256>;
};

}  // namespace graven::core

namespace graven::core {
using core::mve;
}

#endif
