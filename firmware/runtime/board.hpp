// What every board.hpp is written with. A board says: its `name`, its `console` (open, put) and the
// `counter_rate` of its emulator.
#pragma once
#include <cstdint>

namespace board {
inline volatile std::uint32_t& reg(std::uintptr_t address) {
  return *reinterpret_cast<volatile std::uint32_t*>(address);
}

inline volatile std::uint8_t& byte_reg(std::uintptr_t address) {
  return *reinterpret_cast<volatile std::uint8_t*>(address);
}

/// The emulated timer runs `ticks` in the time of `instructions`, in lowest terms.
struct CounterRate {
  std::uint32_t ticks, instructions;
};
}  // namespace board
