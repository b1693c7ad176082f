// Bilinear resizes, four channels of one or two pixels at a time.
#pragma once

#if defined(__ARM_FEATURE_MVE)

#include "graven/isa/scalar/resize.hpp"
#include "graven/isa/shared/attributes.hpp"

namespace graven::core::mve_isa {

// Read by the assembler below. The weights of the upper and the lower row, then those of the left
// and the right pixel for either output.
struct BlendJob {
  const std::byte *upper, *lower, *upper_right, *lower_right;
  std::byte *first, *second;
  int rows[2], of_first[2], of_second[2];
  int channels;
};

//   r0-r3 inputs, r4 r5 outputs, r6 r7 weights of the rows, r8-r11 of the pixels
template <bool two> GRAVEN_NAKED void blend(const BlendJob*) {
  asm volatile(R"(
    .macro put weight_left weight_right to
    vmul.i32 q1, q0, \weight_left
    vmla.s32 q1, q2, \weight_right
    vshr.s32 q3, q1, #31 ;  vadd.i32 q1, q1, q3
    vrshr.s32 q1, q1, #20
    vstrb.32 q1, [\to], #4
    .endm

    push {r4-r11, lr}
    mov r12, r0
    ldr lr, [r12, #48]
    ldm r12, {r0-r11}
    wlstp.32 lr, lr, 2f
  1:
    vldrb.s32 q0, [r0], #4
    vldrb.s32 q1, [r1], #4
    vldrb.s32 q2, [r2], #4
    vldrb.s32 q3, [r3], #4
    vmul.i32 q0, q0, r6
    vmla.s32 q0, q1, r7
    vmul.i32 q2, q2, r6
    vmla.s32 q2, q3, r7
    put r8, r9, r4
    .if %c[two]
    put r10, r11, r5
    .endif
    letp lr, 1b
  2:
    pop {r4-r11, pc}
    .purgem put
  )" ::[two] "i"(two));
}

struct Blend {
  using Element = std::int8_t;
  static constexpr const char* name = "mve.bilinear";
  template <bool two> static void run(const scalar_isa::Corners& at, std::byte* out) {
    const BlendJob job{at.upper,
                       at.lower,
                       at.upper + at.right,
                       at.lower + at.right,
                       out,
                       out + at.channels,
                       {1024 - at.down, at.down},
                       {1024 - at.first, at.first},
                       {1024 - at.second, at.second},
                       at.channels};
    blend<two>(&job);
  }
};

}  // namespace graven::core::mve_isa

#endif
