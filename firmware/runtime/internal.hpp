// What the processor's half of the runtime (cortex_m, riscv32) and the common half (target) share.
#pragma once
#include "runtime.hpp"

int program_main(int argc, char** argv) asm("main");

extern "C" {
// Placed by sections.ld.
extern std::uint32_t _stack_guard[], _stack_limit[], _stack_top[];  // the guard has 256 bytes
extern const std::uint32_t _data_load[];
extern std::uint32_t _data_start[], _data_end[], _bss_start[], _bss_end[];
extern void (*const _init_array_start[])(), (*const _init_array_end[])();

// In the processor's half, in assembler.
std::uintptr_t semihosting_call(std::uintptr_t operation, const void* argument);
void empty_routine(void*);  ///< one instruction: the return
void known_routine(void*);  ///< the argument is a number n; 2 n + 1 instructions

// In the common half; called by reset with the stack pointer set.
[[noreturn]] void run_program();
}

namespace firmware {
/// Starts the counter and learns its unit. SysTick wraps first after the given number of ticks.
void start_counter(std::uint32_t first_period = 0);
[[noreturn]] void wait_forever();  ///< asleep
bool guard_is_closed();            ///< does the hardware refuse access to the stack's guard?

[[gnu::always_inline]] inline std::uint32_t* stack_pointer() {
  std::uint32_t* result;
#ifdef __riscv
  asm volatile("mv %0, sp" : "=r"(result));
#else
  asm volatile("mov %0, sp" : "=r"(result));
#endif
  return result;
}
}  // namespace firmware
