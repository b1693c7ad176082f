// Armv7E-M: Cortex-M4, M7, M33 and M35P with the DSP extension (two 16-bit products per
// instruction). Equal to scalar bit for bit, in instructions decided by isa/armv7em/.
#pragma once

#if defined(__ARM_FEATURE_SIMD32) && defined(__thumb2__)

#include "graven/isa/armv7em/conv/narrow.hpp"
#include "graven/isa/armv7em/conv/plain.hpp"
#include "graven/isa/armv7em/conv/sliding.hpp"
#include "graven/isa/armv7em/conv/winograd.hpp"
#include "graven/isa/armv7em/dense/tied.hpp"
#include "graven/isa/armv7em/depthwise/columns.hpp"
#include "graven/isa/armv7em/depthwise/depthwise.hpp"
#include "graven/isa/armv7em/depthwise/doubled.hpp"
#include "graven/isa/armv7em/depthwise/taps.hpp"
#include "graven/isa/armv7em/elementwise/elementwise.hpp"
#include "graven/isa/armv7em/elementwise/planar_nearest.hpp"
#include "graven/isa/armv7em/pool/planar_pool.hpp"
#include "graven/isa/armv7em/pool/pool.hpp"
#include "graven/isa/armv7em/row_kind.hpp"
#include "graven/isa/scalar.hpp"
#include "graven/isa/shared/fpu/real.hpp"
#include "graven/layers/avg_pool.hpp"
#include "graven/layers/conv2d.hpp"
#include "graven/layers/dense.hpp"
#include "graven/layers/depthwise_conv2d.hpp"
#include "graven/layers/max_pool.hpp"
#include "graven/layers/resize_nearest.hpp"

namespace graven::core {

// The kernels that need least: rows one at a time, weights stored as they are.
struct armv7em_lean : scalar {
  static constexpr const char* name = "armv7em";

  static constexpr RowForm row_form(const GraphView& graph, int value) {
    const Value& v = graph[value];
    const armv7em_isa::RowKind rows = armv7em_isa::rows_of(graph, value);
    if (rows == armv7em_isa::RowKind::pixels) return pixel_rows(v.shape, v.element);
    return armv7em_isa::planar_rows(v.shape, rows);
  }

  template <const auto& graph, int value> static constexpr auto kernel() {
    constexpr const Value& v = graph.values[value];
    constexpr bool int8 = v.element == Element::int8 && v.inputs > 0 &&
                          graph.values[graph.views[v.first_input].value].element == Element::int8;
    if constexpr (int8 && v.op == op::conv)
      return conv<graph, value>();
    else if constexpr (int8 && v.op == op::dense)
      return armv7em_isa::DenseRows{};
    else if constexpr (int8 && v.op == op::depthwise)
      return depthwise<graph, value>();
    else if constexpr (int8 && adds_fast(graph.view(), v))
      return add<graph, value>();
    else if constexpr (int8 && armv7em_isa::averages_all(graph.view(), v))
      return average<graph, value>(scalar::kernel<graph, value>());
    else if constexpr (armv7em_isa::rows_of(graph.view(), value) != armv7em_isa::RowKind::pixels)
      return planar<graph, value>();
    else if constexpr (int8 && !v.reduces && (v.op == op::max_pool || v.op == op::average_pool))
      return armv7em_isa::pool<graph, value>(scalar::kernel<graph, value>());
    else if constexpr (v.op == op::nearest)
      return armv7em_isa::Nearest{};
    else if constexpr (!std::is_void_v<decltype(fpu_isa::kernel<graph, value>())>)
      return fpu_isa::kernel<graph, value>();
    else
      return scalar::kernel<graph, value>();
  }

private:
  static constexpr bool adds_fast(const GraphView& g, const Value& v) {
    return scalar_isa::AddInt8::is_plain(g, v) && armv7em_isa::whole_range(v) &&
           scalar_isa::AddShifts::of(g, v).within(22);
  }
  template <const auto& graph, int value> static constexpr auto add() {
    constexpr auto shifts = scalar_isa::AddShifts::of(graph.view(), graph.values[value]);
    return armv7em_isa::Add<shifts.a, shifts.b, shifts.out>{};
  }

  template <const auto& graph, int value, class Scalar> static constexpr auto average(Scalar) {
    constexpr int width = graph.views[graph.values[value].first_input].shape.width;
    return armv7em_isa::GlobalAverage<Scalar, (width <= 8 ? width : 0)>{};
  }

  template <const auto& graph, int value> static constexpr auto conv() {
    namespace isa = armv7em_isa;
    constexpr GraphView g = graph.view();
    constexpr const Value& v = graph.values[value];
    constexpr int quads = isa::round4(isa::Windows::taps(g, v)) / 4;
    constexpr isa::RowKind rows = isa::rows_of(g, value);
    using Bytes = isa::Bytes<v.filter.width * g.input(v).shape.channels>;
    using Sliding = isa::Sliding<v.filter.width * g.input(v).shape.channels, v.filter.height>;
    if constexpr (v.shape.width == 1) {
      if constexpr (isa::Dense<void>::in_place(g, v))
        return isa::Tied<isa::Dense<void>::taps(g, v), v.shape.channels>{};
      else
        return isa::Dense<Bytes>{};
    } else if constexpr (isa::Points::serves(g, v)) {
      using General = isa::PlainConv<isa::Points, quads, rows>;
      using Narrow = isa::Narrow<General, rows, isa::narrow_shape<graph, value, rows>()>;
      if constexpr (Narrow::serves(g, v))
        return Narrow{};
      else
        return General{};
    } else if constexpr (rows == isa::RowKind::pixels && Sliding::serves(g, v)) {
      return Sliding{};
    } else if constexpr (isa::Words::serves(g, v)) {
      return isa::PlainConv<isa::Words, quads, rows>{};
    } else if constexpr (isa::Windows::serves(g, v)) {
      return isa::PlainConv<isa::Windows, quads, rows>{};
    } else {
      return isa::PlainConv<Bytes, quads, rows>{};
    }
  }

  template <const auto& graph, int value> static constexpr auto planar() {
    namespace isa = armv7em_isa;
    constexpr GraphView g = graph.view();
    constexpr const Value& v = graph.values[value];
    constexpr isa::RowKind from = isa::rows_of(g, g.input(v).value), to = isa::rows_of(g, value);
    if constexpr (v.op == op::max_pool)
      return isa::PlanarMaxPool<from, to, isa::pools_by_two(g, v)>{};
    else if constexpr (to == isa::RowKind::doubled)
      return isa::CopiedRow{};
    else
      return isa::PlanarNearest<from, to, isa::doubles(g, v)>{};
  }

  template <const auto& graph, int value> static constexpr auto depthwise() {
    namespace isa = armv7em_isa;
    constexpr const Value& v = graph.values[value];
    constexpr isa::RowKind rows = isa::rows_of(graph.view(), graph.views[v.first_input].value);
    if constexpr (rows == isa::RowKind::doubled) {
      return isa::Doubled<isa::doubled_shape(v)>{};
    } else {
      constexpr TapRuns taps = TapRuns::of(graph.view(), v, isa::most_tile_outputs);
      using General = decltype(depthwise_on<graph, value, rows>());
      using Columns = isa::Columns<General, isa::column_shape<graph, value, rows>(), rows>;
      if constexpr (!isa::Depthwise::serves(graph.view(), v))
        return isa::AnyDepthwise<scalar_isa::Depthwise<scalar_isa::Int8>, taps>{};
      else if constexpr (Columns::serves(graph.view(), v))
        return Columns{};
      else if constexpr (rows == isa::RowKind::pixels)
        return isa::AnyDepthwise<General, taps>{};
      else
        return General{};
    }
  }
  template <const auto& graph, int value, armv7em_isa::RowKind rows>
  static constexpr auto depthwise_on() {
    namespace isa = armv7em_isa;
    constexpr const Value& v = graph.values[value];
    constexpr View in = graph.views[v.first_input];
    if constexpr (rows == isa::RowKind::planar) {
      return isa::PlanarDepthwise<v.shape.width, 0, v.shape.width, true>{};
    } else if constexpr (rows == isa::RowKind::padded) {
      constexpr int outputs = isa::planar_tile(v.shape.width);
      constexpr bool one_tile = outputs == v.shape.width;
      constexpr int advance = one_tile ? in.shape.width + 1 : outputs * v.stride.width;
      return isa::PlanarDepthwise<outputs, v.stride.width, advance, one_tile>{};
    } else {
      return isa::Depthwise{};
    }
  }
};

// Convolutions by Winograd's scheme as well: bands of two rows, weights expanded by `spare` bytes
// at most. Dense rows widen long inputs in scratch.
template <int spare> struct armv7em_expanding : armv7em_lean {
  using lean = armv7em_lean;
  template <int bytes> using with_spare = armv7em_expanding<bytes>;

  static constexpr int band(const GraphView& graph, int value) {
    return expands(graph, value) ? 2 : 1;
  }
  template <const auto& graph, int value> static constexpr auto kernel() {
    using Lean = decltype(lean::kernel<graph, value>());
    if constexpr (expands(graph.view(), value)) {
      constexpr int channels = graph.views[graph.values[value].first_input].shape.channels;
      return armv7em_isa::Winograd<Lean, channels>{};
    } else if constexpr (requires { typename Lean::Roomy; }) {
      return typename Lean::Roomy{};
    } else {
      return lean::kernel<graph, value>();
    }
  }

private:
  static constexpr bool could_expand(const GraphView& g, int value) {
    return armv7em_isa::winograd_serves(g, g[value]) && g[value].shape.width > 1 &&
           armv7em_isa::rows_of(g, value) == armv7em_isa::RowKind::pixels;
  }
  // Does `a` save more multiplications per byte than `b`?
  static constexpr bool before(const GraphView& g, int a, int b) {
    auto saved = [&](int v, int per) {
      return static_cast<std::int64_t>(g[v].macs) * armv7em_isa::winograd_expansion(g, g[per]);
    };
    const std::int64_t better = saved(a, b) - saved(b, a);
    return better > 0 || (better == 0 && a < b);
  }
  // Values that save the most per byte come first; what does not fit any more is left out.
  static constexpr bool expands(const GraphView& g, int value) {
    if (!could_expand(g, value)) return false;
    for (int left = spare, last = -1;;) {
      int next = -1;
      for (int v = 0; v < g.count; ++v)
        if (could_expand(g, v) && (last < 0 || before(g, last, v)) &&
            (next < 0 || before(g, v, next)))
          next = v;
      const int bytes = armv7em_isa::winograd_expansion(g, g[next]);
      if (next == value) return bytes <= left;
      if (bytes <= left) left -= bytes;
      last = next;
    }
  }
};

struct armv7em : armv7em_expanding<1 << 16> {};

}  // namespace graven::core

namespace graven::core {
using core::armv7em;
}

#endif
