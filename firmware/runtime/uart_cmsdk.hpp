// The UART of Arm's MPS boards (CMSDK APB UART). Registers: Arm DDI 0479, section 4.3.
#pragma once
#include "board.hpp"

namespace board {
struct UartCmsdk {
  std::uintptr_t base;
  std::uint32_t clock;

  void open() const {
    reg(base + 0x10) = clock / 115'200;  // BAUDDIV
    reg(base + 0x08) = 1u << 0;          // CTRL: transmit
  }
  void put(char character) const {
    while ((reg(base + 0x04) & 1u << 0) != 0) {  // STATE: transmit buffer full
    }
    reg(base) = static_cast<unsigned char>(character);
  }
};
}  // namespace board
