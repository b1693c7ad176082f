// The sum of several rows.
#pragma once

#include "graven/isa/scalar/binary.hpp"
#include "graven/kernel/multiplier.hpp"
#include "graven/layers/add_n.hpp"

namespace graven::core::scalar_isa {

// Stream: int32 inputs; multiplier and shift of the sum.
struct AddNInt8 : PlainKernel {
  static constexpr const char* name = "scalar.add_n";
  static constexpr bool serves(const GraphView& g, int value) {
    if (!makes<std::int8_t>(g, value, op::add_n)) return false;
    for (int k = 1; k < g[value].inputs; ++k)
      if (g.source(g[value], k).quant != g.source(g[value]).quant) return false;
    return true;
  }
  static constexpr int stream_size(const GraphView&, const Value&) { return 12; }

  static constexpr void pack(const GraphView& g, const Value& v, const Parameters&, Writer& to) {
    const float scale = g.source(v).quant.scale;
    to.put<std::int32_t>(v.inputs);
    put_multiplier(to, add_multipliers<20>(scale, scale, v.quant.scale).sum);
  }
  static constexpr void run(const Task& task, const Band& band) {
    const Task t = task;
    Reader from{t.stream};
    const int inputs = from.next<std::int32_t>();
    const Multiplier m = next_multiplier(from);
    for (int i = 0; i < t.out_width * t.out_channels; ++i) {
      std::int32_t sum = -t.in_zero;
      for (int k = 0; k < inputs; ++k)
        sum += load<std::int8_t>(band.rows[k * t.rows] + i) - t.in_zero;
      const std::int32_t y = requantize(sum * (1 << 19), m) + t.out_zero;
      store(band.out[0] + i, static_cast<std::int8_t>(clamp(y, {t.low, t.high})));
    }
  }
};
// Stream: int32 inputs; float low, high.
struct AddNFloat32 : PlainKernel {
  static constexpr const char* name = "scalar.add_n";
  static constexpr bool serves(const GraphView& g, int value) {
    return makes<float>(g, value, op::add_n);
  }
  static constexpr int stream_size(const GraphView&, const Value&) { return 12; }

  static constexpr void pack(const GraphView&, const Value& v, const Parameters&, Writer& to) {
    const RealClamp range = real_range(v.activation);
    to.put<std::int32_t>(v.inputs);
    to.put(range.low);
    to.put(range.high);
  }
  static constexpr void run(const Task& task, const Band& band) {
    const Task t = task;
    Reader from{t.stream};
    const int inputs = from.next<std::int32_t>();
    const RealClamp range{from.next<float>(), from.next<float>()};
    for (int i = 0; i < 4 * t.out_width * t.out_channels; i += 4) {
      float sum = 0;
      for (int k = 0; k < inputs; ++k) sum += load<float>(band.rows[k * t.rows] + i);
      store(band.out[0] + i, clamp(sum, range));
    }
  }
};

}  // namespace graven::core::scalar_isa
