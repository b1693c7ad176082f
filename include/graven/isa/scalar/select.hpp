// Of two rows the elements that a third one chooses.
#pragma once

#include "graven/isa/scalar/binary.hpp"
#include "graven/layers/select.hpp"

namespace graven::core::scalar_isa {

// Stream: per input int32 pixel step, channel step.
template <int size> struct SelectOf : PlainKernel {
  static constexpr int stream_size(const GraphView&, const Value&) { return 24; }

  static constexpr void pack(const GraphView& g, const Value& v, const Parameters&, Writer& to) {
    for (int k = 0; k < 3; ++k) broadcast_steps(g.input(v, k).shape).pack(to, k == 0 ? 1 : size);
  }
  static constexpr void run(const Task& task, const Band& band) {
    const Task t = task;
    Reader from{t.stream};
    const Steps which = next_steps(from), a = next_steps(from), b = next_steps(from);
    const std::byte* row = band.rows[0];
    const std::byte* row_a = band.rows[t.rows];
    const std::byte* row_b = band.rows[2 * t.rows];
    std::byte* out = band.out[0];
    for (int x = 0; x < t.out_width; ++x) {
      for (int c = 0; c < t.out_channels; ++c, out += size)
        copy_bytes(out,
                   load<bool>(row + c * which.channel) ? row_a + c * a.channel
                                                       : row_b + c * b.channel,
                   size);
      row += which.pixel;
      row_a += a.pixel;
      row_b += b.pixel;
    }
  }
};
struct Selects {
  static constexpr const char* name = "scalar.select";
  static constexpr bool serves(const GraphView& g, int value) {
    const Value& v = g[value];
    if (!(v.op == op::select) || g.source(v, 0).element != Element::boolean) return false;
    for (int k = 1; k < 3; ++k)
      if (g.source(v, k).element != v.element ||
          (is_quantized(v.element) && g.source(v, k).quant != v.quant))
        return false;
    return size_of(v.element) <= 4;
  }
  template <const auto& graph, int value> static constexpr auto kernel() {
    return SelectOf<size_of(graph.values[value].element)>{};
  }
};

}  // namespace graven::core::scalar_isa
