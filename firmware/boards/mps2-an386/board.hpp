// Arm MPS2 with FPGA image AN386: Cortex-M4.
#pragma once
#include "../../runtime/uart_cmsdk.hpp"

namespace board {
inline constexpr const char* name = "mps2-an386";
inline constexpr CounterRate counter_rate{1, 40};  // SysTick at 25 MHz
inline constexpr UartCmsdk console{0x40004000, 25000000};
}  // namespace board
