// The least image that runs a model on a Cortex-M: vector table, reset, one inference.
#include "model.hpp"

#include <cstdint>

extern "C" {
extern std::uint32_t _stack_top[], _data_start[], _data_end[], _bss_start[], _bss_end[];
extern const std::uint32_t _data_load[];

[[noreturn, gnu::used]] void reset() {
#if defined(__ARM_FP) || defined(__ARM_FEATURE_MVE)
  *reinterpret_cast<volatile std::uint32_t*>(0xe000ed88) = 0xf00000;  // CPACR: FPU and Helium on
  asm volatile("dsb \n isb" ::: "memory");
#endif
  volatile std::uint32_t* to = _data_start;
  for (const std::uint32_t* from = _data_load; to < _data_end;) *to++ = *from++;
  for (to = _bss_start; to < _bss_end;) *to++ = 0;
  minimal::run_model();
  for (;;) asm volatile("wfi");
}
}

namespace {
struct VectorTable {
  std::uint32_t* stack;
  void (*handlers[15])();
};
[[gnu::section(".vectors"), gnu::used]] const VectorTable vectors = {
    _stack_top,
    {reset, reset, reset, reset, reset, reset, reset, reset, reset, reset, reset, reset, reset,
     reset, reset}};
}  // namespace
