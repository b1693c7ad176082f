// Functions of one byte, by table.
#pragma once

#if defined(__ARM_FEATURE_SIMD32) && defined(__thumb2__)

#include "graven/isa/scalar/elementwise.hpp"

namespace graven::core::armv7em_isa {

// out[i] = table[uint8(in[i])]: three instructions each, and two per eight.
struct Map : scalar_isa::MapBytes {
  static constexpr const char* name = "armv7em.map";
  static void run(const Task& task, const Band& band) {
    const std::byte *table = task.stream, *in = band.rows[0];
    std::byte* out = band.out[0];
    const int count = task.out_width * task.out_channels;
    int eights = count >> 3;
    std::uint32_t x, y;
    if (eights > 0)
      asm volatile(
          R"(
      1:
        .rept 4
        ldrb %[x], [%[in]], #1 ;      ldrb %[y], [%[in]], #1
        ldrb %[x], [%[table], %[x]] ; ldrb %[y], [%[table], %[y]]
        strb %[x], [%[out]], #1 ;     strb %[y], [%[out]], #1
        .endr
        subs %[eights], #1
        bne 1b
      )"
          : [in] "+r"(in), [out] "+r"(out), [eights] "+r"(eights), [x] "=&l"(x), [y] "=&l"(y)
          : [table] "l"(table)
          : "cc", "memory");
    for (int rest = count & 7; rest > 0; --rest) *out++ = table[load<std::uint8_t>(in++)];
  }
};

}  // namespace graven::core::armv7em_isa

#endif
