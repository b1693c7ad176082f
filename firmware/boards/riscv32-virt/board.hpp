// QEMU's RISC-V virt machine: a 16550 UART whose registers are bytes. minstret counts instructions.
#pragma once
#include "../../runtime/board.hpp"

namespace board {
inline constexpr const char* name = "riscv32-virt";
inline constexpr CounterRate counter_rate{1, 1};

struct Uart {
  static void open() {}
  static void put(char character) {
    while ((byte_reg(0x10000005) & 1u << 5) == 0) {  // LSR: THRE
    }
    byte_reg(0x10000000) = static_cast<unsigned char>(character);
  }
};
inline constexpr Uart console{};
}  // namespace board
