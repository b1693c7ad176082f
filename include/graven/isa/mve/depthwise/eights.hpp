// The assembler of taps.hpp: all taps of eight channels after the other, in 32-bit sums.
#pragma once

#if defined(__ARM_FEATURE_MVE)

#include "graven/isa/mve/requantize.hpp"

namespace graven::core::mve_isa {

// Elements of the input, and weights: int8 with int8, int4 or int16; int16 with int8.
enum class Eights { bytes, nibbles, wide, words };

// Read by the assembler below.
struct EightsJob {
  std::int32_t x_step;  // bytes from a tap to the next
  std::byte* out;
  std::int32_t offset;           // bytes of the first tap inside from a row's start
  std::int32_t blocks_or_lanes;  // whole blocks of eight channels; or channels of a part of one
  const std::byte* stream;       // of the first block
  std::int32_t weights_rest;     // bytes from a row's last weight inside to the next row's first
  std::int32_t taps;             // of a row, inside; where they are unrolled, bytes of code before
  const std::byte* const* rows;  // those that exist
  std::int32_t row_count;
  std::int32_t zero;  // of the input
  std::int32_t low, high;
  std::int32_t block_bytes;  // of the stream
  std::int32_t weights;      // bytes of the stream before the first weight inside
  std::int32_t out_zero;
};
constexpr int eights_header(Eights kind) { return kind == Eights::words ? 64 : 80; }
// Bytes of a tap's code, all of whose instructions are wide.
constexpr int tap_code(Eights kind, bool masked) {
  return 28 + (masked ? 8 : 0) + (kind == Eights::words ? 0 : 4) +
         (kind == Eights::nibbles ? 12 : 0);
}

// unrolled: taps of a row; 0: a loop. masked: one block, which is not whole.
// Stream, per block of eight channels, even ones first: int32 bias, factor (or multiplier; int8
// left shift, right shift); then, tap by tap, their weights as they come.
// Aligned, because clang takes the section's start for a multiple of four in ADR.
//   r0 row, r1 input, r2 weights, r5 offset of the block's channels, r6 blocks or lanes' bytes;
//   q2 sums of even channels, q3 of odd ones; stack: block_bytes, weights, out_zero
template <Eights kind, int unrolled, bool masked>
[[gnu::aligned(4)]] GRAVEN_NAKED void eights(EightsJob*) {
  asm volatile(R"(
    .macro tap
    .if %c[masked]
    vpstt
    .if %c[words]
    vldrht.16 q0, [r1]
    .else
    vldrbt.s16 q0, [r1]
    .endif
    .if %c[nibbles]
    vldrbt.s32 q1, [r2]
    .elseif %c[wide]
    vldrht.16 q1, [r2]
    .else
    vldrbt.s16 q1, [r2]
    .endif
    add.w r2, r2, r6
    .else
    .if %c[words]
    vldrh.16 q0, [r1]
    .else
    vldrb.s16 q0, [r1]
    .endif
    .if %c[nibbles]
    vldrb.s32 q1, [r2], #4
    .elseif %c[wide]
    vldrh.16 q1, [r2], #16
    .else
    vldrb.s16 q1, [r2], #8
    .endif
    .endif
    add.w r1, r1, r3
    .ifeq %c[words]
    vsub.i16 q0, q0, r12
    .endif
    .if %c[nibbles]
    vshl.i32 q4, q1, #12 ;  vsli.32 q4, q1, #24 ;  vshr.s16 q1, q4, #12
    .endif
    vmullb.s16 q4, q0, q1 ;  vadd.i32 q2, q2, q4
    vmullt.s16 q4, q0, q1 ;  vadd.i32 q3, q3, q4
    .endm
    .macro scale sums n
    .if %c[words]
    vldrw.32 q0, [r7, #32+16*\n] ;  vrmulh.s32 \sums, \sums, q0
    .else
    vldrb.s32 q0, [r7, #64+4*\n] ;  vshl.s32 \sums, \sums, q0
    vldrw.32 q0, [r7, #32+16*\n] ;  vqrdmulh.s32 \sums, \sums, q0
    vldrb.s32 q0, [r7, #72+4*\n]
    vand q1, \sums, q0 ;  vshr.s32 q1, q1, #31 ;  vadd.i32 \sums, \sums, q1
    vrshl.s32 \sums, \sums, q0
    .endif
    .endm

    push {r4-r11, lr}
    vpush {d8-d15}
    sub sp, #16
    ldrd r1, r2, [r0, #48] ;  strd r1, r2, [sp] ;  ldr r1, [r0, #56] ;  str r1, [sp, #8]
    ldrd r1, r2, [r0, #40] ;  vdup.16 q6, r1 ;  vdup.16 q7, r2
    ldm r0, {r3-r12}
    .if %c[masked]
    vctp.16 r6
    .if %c[nibbles]
    add r6, #1 ;  lsr r6, #1
    .elseif %c[wide]
    lsl r6, #1
    .endif
    .endif
    .if %c[unrolled]
    adr.w r0, 9f ;  add r9, r0 ;  orr r9, #1
    .else
    add r11, r10, r11, lsl #2
    .endif
  2:
    vldrw.32 q2, [r7] ;  vldrw.32 q3, [r7, #16]
    ldr r2, [sp, #4] ;  add r2, r7 ;  mov r0, r10
    .if %c[unrolled]
    wls lr, r11, 4f
  3:
    ldr r1, [r0], #4 ;  add r1, r5 ;  bx r9
  9:
    .rept %c[unrolled]
    tap
    .endr
    add r2, r8
    le lr, 3b
    .else
  3:
    cmp r0, r11 ;  beq.w 4f
    ldr r1, [r0], #4 ;  add r1, r5
    wls lr, r9, 1f
  9:
    tap
    le lr, 9b
  1:
    add r2, r8
    b 3b
    .endif
  4:
    scale q2, 0
    scale q3, 1
    vqmovnb.s32 q1, q2 ;  vqmovnt.s32 q1, q3
    .ifeq %c[words]
    ldr r0, [sp, #8] ;  vqadd.s16 q1, q1, r0
    .endif
    vmax.s16 q1, q1, q6 ;  vmin.s16 q1, q1, q7
    .if %c[masked]
    vpst
    .if %c[words]
    vstrht.16 q1, [r4]
    .else
    vstrbt.16 q1, [r4]
    .endif
    .else
    .if %c[words]
    vstrh.16 q1, [r4], #16 ;  add r5, #16
    .else
    vstrb.16 q1, [r4], #8 ;  add r5, #8
    .endif
    ldr r0, [sp] ;  add r7, r0
    subs r6, #1
    bne.w 2b
    .endif
    add sp, #16
    vpop {d8-d15}
    pop {r4-r11, pc}
    .purgem tap
    .purgem scale
  )" ::[unrolled] "i"(unrolled),
               [masked] "i"(masked), [words] "i"(kind == Eights::words),
               [wide] "i"(kind == Eights::wide), [nibbles] "i"(kind == Eights::nibbles));
}

}  // namespace graven::core::mve_isa

#endif
