// Row kernels from one element type to another, and of elements without a scale.
#pragma once

#include "graven/kernel/prefer.hpp"
#include "graven/layers/cast.hpp"
#include "graven/layers/logical_not.hpp"
#include "graven/layers/zeros_like.hpp"

#include <limits>
#include <type_traits>

namespace graven::core::scalar_isa {

template <class To, class From> constexpr To cast(From x) {
  if constexpr (std::is_same_v<To, bool>) {
    return x != From{};
  } else if constexpr (std::is_same_v<From, float> && !std::is_same_v<To, float>) {
    constexpr auto low = (std::numeric_limits<To>::min)(), high = (std::numeric_limits<To>::max)();
    if (x != x) return 0;
    if (x <= static_cast<float>(low)) return low;
    return x >= static_cast<float>(high) ? high : static_cast<To>(x);
  } else {
    return static_cast<To>(x);
  }
}

template <class From, class To> struct CastRow : PlainKernel {
  static constexpr void run(const Task& task, const Band& band) {
    const std::byte* in = band.rows[0];
    std::byte* out = band.out[0];
    for (int i = task.out_width * task.out_channels; i > 0; --i) {
      store(out, cast<To>(load<From>(in)));
      in += sizeof(From);
      out += sizeof(To);
    }
  }
};
struct Casts {
  static constexpr const char* name = "scalar.cast";
  static constexpr bool serves(const GraphView& g, int value) { return g[value].op == op::cast; }
  template <const auto& graph, int value> static constexpr auto kernel() {
    constexpr GraphView g = graph.view();
    return CastRow<typename type_of<g.source(g[value]).element>::type,
                   typename type_of<g[value].element>::type>{};
  }
};

struct LogicalNot : PlainKernel {
  static constexpr const char* name = "scalar.logical_not";
  static constexpr bool serves(const GraphView& g, int value) {
    return makes(g, value, op::logical_not) && g[value].element == Element::boolean;
  }
  static constexpr void run(const Task& task, const Band& band) {
    const std::byte* in = band.rows[0];
    std::byte* out = band.out[0];
    for (int i = task.out_width * task.out_channels; i > 0; --i) store(out++, !load<bool>(in++));
  }
};

// Stream: int32 bytes of a row.
struct Zeros : PlainKernel {
  static constexpr const char* name = "scalar.zeros";
  static constexpr bool serves(const GraphView& g, int value) { return g[value].op == op::zeros; }
  static constexpr int stream_size(const GraphView&, const Value&) { return 4; }
  static constexpr void pack(const GraphView&, const Value& v, const Parameters&, Writer& to) {
    to.put<std::int32_t>(v.shape.row() * size_of(v.element));
  }
  static constexpr void run(const Task& task, const Band& band) {
    std::byte* out = band.out[0];
    for (int i = load_aligned<std::int32_t>(task.stream); i > 0; --i) *out++ = std::byte{0};
  }
};

}  // namespace graven::core::scalar_isa
