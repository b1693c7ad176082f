// The product of two rows, one of which may be broadcast.
#pragma once

#include "graven/isa/scalar/binary.hpp"
#include "graven/kernel/multiplier.hpp"
#include "graven/layers/mul.hpp"

namespace graven::core::scalar_isa {

// Stream: two Factors, then multiplier and shift.
template <class T> struct MulQuantized : PlainKernel {
  static constexpr const char* name = "scalar.mul";
  static constexpr bool serves(const GraphView& g, int value) {
    return makes<T>(g, value, op::mul);
  }
  static constexpr int stream_size(const GraphView&, const Value&) { return 32; }

  static constexpr void pack(const GraphView& g, const Value& v, const Parameters&, Writer& to) {
    for (int k = 0; k < 2; ++k) Factor<T>::pack(g, v, k, to);
    put_multiplier(to, multiplier(g, v));
  }
  static constexpr Multiplier multiplier(const GraphView& g, const Value& v) {
    return quantize_multiplier(static_cast<double>(g.source(v, 0).quant.scale) *
                               static_cast<double>(g.source(v, 1).quant.scale) /
                               static_cast<double>(v.quant.scale));
  }

  static constexpr void run(const Task& task, const Band& band) {
    combine_quantized<Factor<T>, Product>(task, band);
  }
};

template <class T> struct MulPlain : Combined<Product, T> {
  static constexpr const char* name = "scalar.mul";
  static constexpr bool serves(const GraphView& g, int value) {
    return makes<T>(g, value, op::mul);
  }
};

}  // namespace graven::core::scalar_isa
