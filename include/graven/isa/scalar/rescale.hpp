// int16 elements in another scale, and int8 ones that become int16 or come from it: an activation
// by itself (RELU), and QUANTIZE between integers, of 32 bits as well.
#pragma once

#include "graven/kernel/multiplier.hpp"
#include "graven/kernel/prefer.hpp"
#include "graven/layers/quantize.hpp"

namespace graven::core::scalar_isa {

// Stream: int32 multiplier, shift (TFLM's Requantize).
template <class From, class To> struct Rescale : PlainKernel {
  static constexpr const char* name = "scalar.rescale";
  static constexpr bool serves(const GraphView& g, int value) {
    return converts<From, To>(g, value, op::quantize) || converts<From, To>(g, value, op::clamp);
  }
  static constexpr int stream_size(const GraphView&, const Value&) { return 8; }
  static constexpr void pack(const GraphView& g, const Value& v, const Parameters&, Writer& to) {
    const Multiplier m = quantize_multiplier(static_cast<double>(g.source(v).quant.scale) /
                                             static_cast<double>(v.quant.scale));
    put_multiplier(to, m);
  }
  static constexpr void run(const Task& task, const Band& band) {
    const Task t = task;
    const Multiplier m = multiplier_at(t.stream);
    const std::byte* in = band.rows[0];
    std::byte* out = band.out[0];
    for (int i = t.out_width * t.out_channels; i > 0; --i, in += sizeof(From), out += sizeof(To)) {
      const std::int32_t y = requantize(load<From>(in) - t.in_zero, m) + t.out_zero;
      if constexpr (sizeof(To) == 4)
        store(out, y);
      else
        store(out, static_cast<To>(clamp(y, {t.low, t.high})));
    }
  }
};
using Rescales = Prefer<Rescale<std::int16_t, std::int16_t>, Rescale<std::int8_t, std::int16_t>,
                        Rescale<std::int16_t, std::int8_t>, Rescale<std::int8_t, std::int32_t>,
                        Rescale<std::int16_t, std::int32_t>>;

}  // namespace graven::core::scalar_isa
