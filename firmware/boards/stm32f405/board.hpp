// STM32F405: console on USART1, PA9 = TX, 115200 baud, 8N1. The clock stays what it is after reset,
// the internal 16 MHz oscillator (the emulator runs SysTick at 168 MHz whatever we do).
// Registers: RM0090, sections 7.3 (RCC), 8.4 (GPIO) and 30.6 (USART).
#pragma once
#include "../../runtime/board.hpp"

namespace board {
inline constexpr const char* name = "stm32f405";
inline constexpr CounterRate counter_rate{21, 125};  // SysTick at 168 MHz

struct Usart1 {
  static void open() {
    reg(0x40023830) = reg(0x40023830) | 1u << 0;                   // AHB1ENR: GPIOA
    reg(0x40023844) = reg(0x40023844) | 1u << 4;                   // APB2ENR: USART1
    reg(0x40020024) = (reg(0x40020024) & ~(0xfu << 4)) | 7u << 4;  // AFRH: PA9 is AF7
    reg(0x40020000) = (reg(0x40020000) & ~(3u << 18)) | 2u << 18;  // MODER: PA9 alternate
    reg(0x40011008) = (16'000'000 + 115'200 / 2) / 115'200;        // BRR
    reg(0x4001100c) = 1u << 13 | 1u << 3;                          // CR1: UE, TE
  }
  static void put(char character) {
    while ((reg(0x40011000) & 1u << 7) == 0) {  // SR: TXE
    }
    reg(0x40011004) = static_cast<unsigned char>(character);
  }
};
inline constexpr Usart1 console{};
}  // namespace board
