// The least image that runs a model on RISC-V: reset, one inference.
#include "model.hpp"

#include <cstdint>

extern "C" {
extern std::uint32_t _data_start[], _data_end[], _bss_start[], _bss_end[];
extern const std::uint32_t _data_load[];

[[noreturn, gnu::used]] void start() {
  volatile std::uint32_t* to = _data_start;
  for (const std::uint32_t* from = _data_load; to < _data_end;) *to++ = *from++;
  for (to = _bss_start; to < _bss_end;) *to++ = 0;
  minimal::run_model();
  for (;;) asm volatile("wfi");
}

[[gnu::naked, gnu::used, gnu::section(".text.reset")]] void reset() {
  asm(R"(
    .option push
    .option norelax
    la gp, __global_pointer$
    .option pop
    la sp, _stack_top
    la tp, _tls_start
    j start)");
}
}
