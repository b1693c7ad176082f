// The matmul of Helium for int16 with int8 weights: VMLADAVA adds eight products to a general
// register; a loop takes four outputs on two pixels, whose sums fill the eight registers that it
// can name.
#pragma once

#if defined(__ARM_FEATURE_MVE)

#include "graven/isa/shared/attributes.hpp"
#include "graven/kernel/task.hpp"

namespace graven::core::mve_isa {

// Read by the assembler below.
struct WordJob {
  const std::byte* inputs[2];  // of each pixel, so many times eight halfwords:
  std::int32_t eights;
  std::int32_t outputs;  // of a pixel
  std::byte* out[2];
  std::int32_t low, high;
};

// All outputs of two pixels. Stream, per four outputs o: int32 bias[o], factor[o]; per eight inputs
// eight int8 weights of each output. Inputs may lie anywhere: they are loaded as bytes.
//   r1 stream, r3 r5 outputs, r7 eights, r9 r11 inputs; sums: r0 r2 r4 r6, and r8 r10 r12 lr
//   [sp] inputs, eights, outputs left
template <int unroll> GRAVEN_NAKED void two_word_pixels(const WordJob*, const std::byte*) {
  asm volatile(R"(
    push {r4-r11, lr} ;  vpush {d8-d13} ;  sub sp, #16
    ldrd r9, r11, [r0], #8 ;  strd r9, r11, [sp]
    ldrd r7, r2, [r0], #8 ;   strd r7, r2, [sp, #8]
    ldrd r3, r5, [r0], #8 ;   ldrd r2, r4, [r0]
    vdup.32 q4, r2 ;          vdup.32 q5, r4
  1:
    ldrd r0, r2, [r1], #8 ;   ldrd r4, r6, [r1], #8
    mov r8, r0 ;  mov r10, r2 ;  mov r12, r4 ;  mov lr, r6
    vldrw.32 q6, [r1], #16
    ldrd r9, r11, [sp] ;      ldr r7, [sp, #8]
  2:
    .rept %c[unroll]
    vldrb.8 q0, [r9], #16 ;        vldrb.8 q1, [r11], #16
    vldrb.s16 q2, [r1], #8 ;       vldrb.s16 q3, [r1], #8
    vmladava.s16 r0, q0, q2 ;      vmladava.s16 r8, q1, q2
    vldrb.s16 q2, [r1], #8
    vmladava.s16 r2, q0, q3 ;      vmladava.s16 r10, q1, q3
    vldrb.s16 q3, [r1], #8
    vmladava.s16 r4, q0, q2 ;      vmladava.s16 r12, q1, q2
    vmladava.s16 r6, q0, q3 ;      vmladava.s16 lr, q1, q3
    .endr
    subs r7, #%c[unroll] ;         bne.w 2b
    vmov q0[2], q0[0], r0, r4 ;    vmov q0[3], q0[1], r2, r6
    vmov q1[2], q1[0], r8, r12 ;   vmov q1[3], q1[1], r10, lr
    vrmulh.s32 q0, q0, q6 ;        vrmulh.s32 q1, q1, q6
    vmax.s32 q0, q0, q4 ;          vmax.s32 q1, q1, q4
    vmin.s32 q0, q0, q5 ;          vmin.s32 q1, q1, q5
    ldr r0, [sp, #12] ;            vctp.32 r0
    vpstt
    vstrht.32 q0, [r3], #8
    vstrht.32 q1, [r5], #8
    subs r0, #4 ;                  str r0, [sp, #12]
    bgt.w 1b
    add sp, #16 ;  vpop {d8-d13} ;  pop {r4-r11, pc}
  )" ::[unroll] "i"(unroll));
}

}  // namespace graven::core::mve_isa

#endif
