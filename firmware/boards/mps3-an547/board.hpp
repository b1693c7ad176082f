// Arm MPS3 with FPGA image AN547: Cortex-M55, secure state.
#pragma once
#include "../../runtime/uart_cmsdk.hpp"

namespace board {
inline constexpr const char* name = "mps3-an547";
inline constexpr CounterRate counter_rate{4, 125};  // SysTick at 32 MHz
inline constexpr UartCmsdk console{0x59303000, 25000000};
}  // namespace board
