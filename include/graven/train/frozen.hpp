// What does not learn, as a number: weights that were learned behind other features are of no use.
#pragma once

#include "graven/params.hpp"
#include "graven/train/scope.hpp"

#include <bit>
#include <cstdint>

namespace graven::core::detail {

// FNV-1a over the layers' numbers and, of each array that does not learn, its size and at most 64
// of its elements, evenly spread: the compiler could not look at all of them.
template <const auto& forward, const auto& params, const auto& scope> struct FrozenHash {
  std::uint64_t hash;

  constexpr std::uint64_t all() {
    const GraphView f = forward.view();
    for (int v = 0; v < f.count; ++v) {
      const Value& value = f[v];
      mix(value.op.id);
      mix(static_cast<std::uint32_t>(value.activation));
      mix(value.quant);
      for (const int number : {value.filter.height, value.filter.width, value.stride.height,
                               value.stride.width, value.dilation.height, value.left})
        mix(static_cast<std::uint32_t>(number));
      if (value.op != op::input && !scope.learns_weights[v]) mix(record_of<params>(value.record));
    }
    return hash;
  }

private:
  constexpr void mix(std::uint64_t number) { hash = (hash ^ number) * 0x100000001b3; }
  constexpr void mix(const Quant& q) {
    mix(std::bit_cast<std::uint32_t>(q.scale));
    mix(static_cast<std::uint32_t>(q.zero_point));
  }
  constexpr void mix(const Parameters& p) {
    for (const Array* array : {&p.filter, &p.bias, &p.scale}) mix(*array);
    for (int k = 0; k < p.constants.size; ++k) {
      mix(p.constants[k].data);
      mix(p.constants[k].scale);
    }
  }
  constexpr void mix(const Array& array) {
    mix(static_cast<std::uint32_t>(array.size));
    const int step = array.size / 64 + 1;
    for (int i = 0; i < array.size; i += step) mix(element(array, i));
  }
  static constexpr std::uint64_t element(const Array& a, int i) {
    switch (a.element) {
      case Element::float32: return std::bit_cast<std::uint32_t>(a.float32[i]);
      case Element::int4:
      case Element::int8: return static_cast<std::uint8_t>(a.int8[i]);
      case Element::int16: return static_cast<std::uint16_t>(a.int16[i]);
      case Element::int32: return static_cast<std::uint32_t>(a.int32[i]);
      case Element::int64: return static_cast<std::uint64_t>(a.int64[i]);
      default: return 0;
    }
  }
};

}  // namespace graven::core::detail
