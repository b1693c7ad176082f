// RISC-V: reset, traps, and the machine's own instruction counter.
// Control registers: RISC-V Privileged Architecture, chapter 3; semihosting: riscv-semihosting.
#include GRAVEN_BOARD_HEADER
#include "internal.hpp"

namespace firmware {

Count count() {
  std::uint32_t low, high, again;
  asm volatile("1: csrr %0, minstreth \n csrr %1, minstret \n csrr %2, minstreth \n bne %0, %2, 1b"
               : "=&r"(high), "=&r"(low), "=&r"(again));
  return {low, high};
}

std::uint64_t fractions(Count from, Count to) {
  const auto value = [](Count c) { return std::uint64_t{c.high} << 32 | c.low; };
  return value(to) - value(from);
}

std::uint64_t to_unit(std::uint64_t fractions) { return fractions; }

Unit counter_unit() { return Unit::instructions; }

void start_counter(std::uint32_t) {}

bool guard_is_closed() { return true; }

void wait_forever() {
  for (;;) asm volatile("wfi");
}

extern "C" {
[[noreturn, gnu::used]] void report_fault(const std::uint32_t* stack_pointer, std::uint32_t cause,
                                          std::uint32_t pc, std::uint32_t value,
                                          std::uint32_t return_address) {
  print("\nfault: cause ");
  print(cause);
  if (stack_pointer < _stack_limit) print(", stack overflow");
  print(", pc ");
  print_hex(pc);
  print(", ra ");
  print_hex(return_address);
  print(", sp ");
  print_hex(static_cast<std::uint32_t>(reinterpret_cast<std::uintptr_t>(stack_pointer)));
  print(", mtval ");
  print_hex(value);
  print("\n");
  exit(exit_fault);
}

/// A handler needs a stack: without one it takes all of it.
[[gnu::naked, gnu::used, gnu::aligned(4)]] void trap() {
  asm(R"(
    mv a0, sp
    csrr a1, mcause
    csrr a2, mepc
    csrr a3, mtval
    mv a4, ra
    la t0, _stack_limit + 512
    bgeu sp, t0, 1f
    la sp, _stack_top
  1:
    j report_fault)");
}

[[gnu::naked]] std::uintptr_t semihosting_call(std::uintptr_t, const void*) {
  asm(R"(
    .option push
    .option norvc
    .balign 16
    slli zero, zero, 0x1f
    ebreak
    srai zero, zero, 7
    .option pop
    ret)");
}

[[gnu::naked]] void empty_routine(void*) { asm("ret"); }

[[gnu::naked]] void known_routine(void*) { asm("1: addi a0, a0, -1 \n bnez a0, 1b \n ret"); }

/// Thread-local data has one instance. The first entry of the physical memory protection locks the
/// guard below the stack: no access, not even for machine mode.
[[gnu::naked, gnu::used, gnu::section(".text.reset")]] void reset() {
  asm(R"(
    .option push
    .option norelax
    la gp, __global_pointer$
    .option pop
    la sp, _stack_top
    la tp, _tls_start
    la t0, trap
    csrw mtvec, t0
    la t0, _stack_guard
    srli t0, t0, 2
    ori t0, t0, 256 / 8 - 1
    csrw pmpaddr0, t0
    li t0, 0x98
    csrw pmpcfg0, t0
    tail run_program)");
}
}

}  // namespace firmware
