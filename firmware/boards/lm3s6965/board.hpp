// Stellaris LM3S6965, emulated with a Cortex-M0 in it: small memories and a core that faults on
// unaligned words. No silicon is like this, so the UART's (PL011) clocks and pins are left alone.
#pragma once
#include "../../runtime/board.hpp"

namespace board {
inline constexpr const char* name = "lm3s6965";
inline constexpr CounterRate counter_rate{1, 80};  // SysTick at 12.5 MHz

struct Uart0 {
  static void open() { reg(0x4000c030) = 1u << 8 | 1u << 0; }  // CTL: TXE, UARTEN
  static void put(char character) {
    while ((reg(0x4000c018) & 1u << 5) != 0) {  // FR: TXFF
    }
    reg(0x4000c000) = static_cast<unsigned char>(character);
  }
};
inline constexpr Uart0 console{};
}  // namespace board
