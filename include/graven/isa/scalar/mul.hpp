// The product of two rows, one of which may be broadcast.
#pragma once

#include "graven/isa/scalar/binary.hpp"
#include "graven/layers/mul.hpp"

namespace graven::core::scalar_isa {

struct Product {
  template <class T> static constexpr T of(T a, T b) { return a * b; }
};

// Stream: per input int32 pixel step, channel step, zero point; then multiplier and shift.
struct MulInt8 : PlainKernel {
  static constexpr const char* name = "scalar.mul";
  static constexpr bool serves(const GraphView& g, int value) {
    return makes<std::int8_t>(g, value, op::mul);
  }
  static constexpr int stream_size(const GraphView&, const Value&) { return 32; }

  static constexpr void pack(const GraphView& g, const Value& v, const Parameters&, Writer& to) {
    for (int k = 0; k < 2; ++k) {
      const Steps steps = broadcast_steps(g.input(v, k).shape);
      to.put<std::int32_t>(steps.pixel);
      to.put<std::int32_t>(steps.channel);
      to.put<std::int32_t>(g.source(v, k).quant.zero_point);
    }
    const Multiplier m = quantize_multiplier(static_cast<double>(g.source(v, 0).quant.scale) *
                                             static_cast<double>(g.source(v, 1).quant.scale) /
                                             static_cast<double>(v.quant.scale));
    to.put<std::int32_t>(m.multiplier);
    to.put<std::int32_t>(m.shift);
  }

  struct Factor {
    Steps steps;
    std::int32_t zero;

    explicit constexpr Factor(Reader& from)
        : steps{from.next<std::int32_t>(), from.next<std::int32_t>()},
          zero(from.next<std::int32_t>()) {}

    constexpr std::int32_t at(const std::byte* element) const {
      return load<std::int8_t>(element) - zero;
    }
  };

  static constexpr void run(const Task& task, const Band& band) {
    combine_int8<Factor, Product>(task, band);
  }
};

struct MulFloat32 : BinaryFloat32<Product> {
  static constexpr const char* name = "scalar.mul";
  static constexpr bool serves(const GraphView& g, int value) {
    return makes<float>(g, value, op::mul);
  }
};

}  // namespace graven::core::scalar_isa
