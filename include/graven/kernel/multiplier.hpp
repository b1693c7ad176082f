// A multiplier in a kernel's stream: int32 multiplier, int32 shift.
#pragma once

#include "graven/kernel/bytes.hpp"
#include "graven/quant.hpp"

namespace graven::core {

constexpr void put_multiplier(Writer& to, Multiplier m) {
  to.put<std::int32_t>(m.multiplier);
  to.put<std::int32_t>(m.shift);
}
constexpr Multiplier next_multiplier(Reader& from) {
  return {from.next<std::int32_t>(), static_cast<int>(from.next<std::int32_t>())};
}
constexpr Multiplier multiplier_at(const std::byte* stream) {
  Reader from{stream};
  return next_multiplier(from);
}

}  // namespace graven::core
