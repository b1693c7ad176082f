// Arm MPS2 with FPGA image AN505: Cortex-M33, secure state.
#pragma once
#include "../../runtime/uart_cmsdk.hpp"

namespace board {
inline constexpr const char* name = "mps2-an505";
inline constexpr CounterRate counter_rate{1, 50};  // SysTick at 20 MHz
inline constexpr UartCmsdk console{0x50200000, 20000000};
}  // namespace board
