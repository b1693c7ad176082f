// Proves the instruction counter and the stack measurement on routines of known length and depth.
#include "internal.hpp"

namespace {

using firmware::print_line;

int failures = 0;

void check(const char* what, std::uint64_t expected, std::uint64_t got) {
  const auto error = static_cast<std::int64_t>(got - expected);
  print_line(what, " expected ", expected, " got ", got, " error ", error);
  if (error != 0) ++failures;
}

std::uint64_t length(std::uintptr_t n) { return 2 * std::uint64_t{n} + 1; }

std::uint64_t counted(std::uintptr_t n) {
  return firmware::measure(known_routine, reinterpret_cast<void*>(n)).count;
}

/// Routines that begin at every phase of the timer: no phase may be counted differently.
void check_phases() {
  std::uint64_t expected = 0, got = 0, wrong = 0;
  for (std::uintptr_t n = 1; n <= 300; ++n) {
    const std::uint64_t one = counted(n);
    expected += length(n);
    got += one;
    wrong += one == length(n) ? 0u : 1u;
  }
  check("phases", expected, got);
  check("wrong_phases", 0, wrong);
}

/// Writes the lowest byte of a stack frame of 16, 256 and 4000 bytes. The instructions are those of
/// all three processors' assemblers that differ only in the names of registers.
[[gnu::noinline]] void use_stack(void* context) {
  const auto bytes = reinterpret_cast<std::uintptr_t>(context);
#ifdef __riscv
  asm volatile("sub sp, sp, %0 \n sw zero, 0(sp) \n add sp, sp, %0" ::"r"(bytes) : "memory");
#else
  std::uintptr_t sp;
  asm volatile("mov %0, sp \n subs %0, %0, %1 \n mov sp, %0 \n str %1, [%0] \n add sp, sp, %1"
               : "=&l"(sp)
               : "l"(bytes)
               : "cc", "memory");
#endif
}

}  // namespace

int main() {
  if (firmware::counter_unit() != firmware::Unit::instructions) {
    print_line("the counter counts no instructions: this is not the emulator");
    return 1;
  }
  for (const std::uintptr_t n : {1'000u, 100'000u, 10'000'000u})
    check("instructions", length(n), counted(n));
  check_phases();
  firmware::start_counter(1000);
  check("across_wrap", length(1'000'000), counted(1'000'000));
  for (const std::uintptr_t bytes : {16u, 256u, 2000u})
    check("stack", bytes, firmware::measure(use_stack, reinterpret_cast<void*>(bytes)).stack);
  print_line("failures ", failures);
  return failures == 0 ? 0 : 1;
}
