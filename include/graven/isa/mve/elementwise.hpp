// Row kernels that go through a row once: tables; how results of two operands end.
#pragma once

#if defined(__ARM_FEATURE_MVE)

#include "graven/isa/mve/requantize.hpp"
#include "graven/isa/scalar/elementwise.hpp"

namespace graven::core::mve_isa {

constexpr int adding_program(const Value& v) {
  const Clamp range = range_of(v);
  if (range.low != -128 || range.high != 127) return general;
  return v.quant.zero_point == -128 ? rectified : shifted;
}

// out[i] = table[uint8(in[i])], sixteen at a time.
struct Map : scalar_isa::MapBytes {
  static constexpr const char* name = "mve.map";
  static void run(const Task& task, const Band& band) {
    const std::byte* in = band.rows[0];
    std::byte* out = band.out[0];
    asm volatile(R"(
      wlstp.8 lr, %[count], 2f
    1:
      vldrb.8 q0, [%[in]], #16
      vldrb.u8 q1, [%[table], q0]
      vstrb.8 q1, [%[out]], #16
      letp lr, 1b
    2:
    )"
                 : [in] "+r"(in), [out] "+r"(out)
                 : [table] "r"(task.stream), [count] "r"(task.out_width * task.out_channels)
                 : "q0", "q1", "lr", "cc", "memory");
  }
};

}  // namespace graven::core::mve_isa

#endif
