// Nine taps of a depthwise convolution on blocks of sixteen lanes: sixteen channels of a pixel, or
// the channels of several neighbouring pixels. The products of even lanes, then those of odd lanes
// are widened to 32 bits; two products at a time where their sum fits 16 bits.
//
// Products of weights of four bits are all added in 16 bits.
//
// Stream, per block: int8 left shift[16] if the program is general; int8 right shift[16];
// weights[9][16], of four bits [5][16], two taps per byte; bias[16]; multiplier[16]; low[16],
// high[16] if the program is general. Shifts, biases and multipliers in the order of `lane_of`.
#pragma once

#if defined(__ARM_FEATURE_MVE)

#include "graven/isa/mve/requantize.hpp"

namespace graven::core::mve_isa {

// What comes out of VMULL and VMOVL: lanes 0, 4, 8, 12, then 2, 6, ..., then 1, 5, ..., then 3, ...
constexpr int lane_of(int index) {
  constexpr int first[] = {0, 2, 1, 3};
  return first[index / 4] + 4 * (index % 4);
}
constexpr int block_bytes(int program, bool nibbles = false) {
  return (program == general ? 336 : 288) - (nibbles ? 64 : 0);
}
constexpr int weights_at(int program) { return program == general ? 32 : 16; }

// Read, and `pixels` counted down, by the assembler below.
struct TapsJob {
  const std::byte* taps[9];
  const std::byte* weights;  // of the first block
  std::byte* out;
  std::int32_t zero;
  std::int32_t blocks, pixels;
  std::int32_t skip, out_skip;  // from the end of a pixel's blocks to the next pixel
  std::int32_t lanes;           // of one pixel's blocks, where the last is not whole
  // Edges: where `left_until` pixels are left, the first column lies at `inner`; where `right_from`
  // are left, the last column is padding. 0: never.
  std::int32_t left_until;
  const std::byte* inner[3];
  std::int32_t right_from;
  const std::byte* padding;
};

// masked: loads and stores `lanes` lanes. still: all blocks have the stream's first block of
// weights, and each begins `step` lanes after the one before it.
//   r0-r6, r8, r9 taps; r7 stream, 16 bytes into the weights; r10 out; r11 zero point; r12 lanes
//   left
template <int program, bool nibbles, bool masked, bool still, int step = 16>
GRAVEN_NAKED void taps9(TapsJob*) {
  asm volatile(R"(
    .macro load q from step
    .if %c[masked]
    vpst
    vldrbt.8 \q, [\from], #\step
    .else
    vldrb.8 \q, [\from], #\step
    .endif
    .endm
    .macro multiply tap w low high weights
    load \high, \tap, %c[step]
    vldrb.8 \weights, [r7, #\w]
    vmullb.s8 \low, \high, \weights ;  vmullt.s8 \high, \high, \weights
    .endm
    .macro add_products from at
    vmovlb.s16 q1, q2 ;        vadd.i32 q5, q5, q1
    vmovlt.s16 q2, q2 ;        vadd.i32 q6, q6, q2
    vmovlb.s16 q1, q0 ;        vadd.i32 q7, q7, q1
    vldrw.32 q1, [\from, #\at] ;  vmovlt.s16 q0, q0 ;  vadd.i32 q0, q0, q1
    .endm
    .macro single tap w from=sp at=0
    multiply \tap, \w, q2, q0, q1
    add_products \from, \at
    .endm
    .macro pair tap0 tap1 w from=sp at=0
    .if %c[program] == %c[general]
    single \tap0, \w, \from, \at
    vstrw.32 q0, [sp]
    single \tap1, \w+16
    .else
    multiply \tap0, \w, q2, q0, q1
    multiply \tap1, \w+16, q4, q1, q3
    vadd.i16 q2, q2, q4 ;  vadd.i16 q0, q0, q1
    add_products \from, \at
    .endif
    vstrw.32 q0, [sp]
    .endm
    .macro add_product tap weights even=q3
    .ifc \even, q2
    load q0, \tap, %c[step]
    vmullb.s8 q2, q0, \weights ;  vmullt.s8 q4, q0, \weights
    .else
    load q0, \tap, %c[step]
    vmullb.s8 q3, q0, \weights ;  vadd.i16 q2, q2, q3
    vmullt.s8 q0, q0, \weights ;  vadd.i16 q4, q4, q0
    .endif
    .endm
    .macro nibbles tap0 w tap1 even=q3
    vldrb.8 q1, [r7, #\w] ;  vshl.i8 q5, q1, #4 ;  vshr.s8 q5, q5, #4
    add_product \tap0, q5, \even
    .ifnb \tap1
    vshr.s8 q1, q1, #4
    add_product \tap1, q1
    .endif
    .endm
    .macro load_biases
    vldrw.32 q5, [r7, #%c[biases]] ;  vldrw.32 q6, [r7, #%c[biases]+16]
    vldrw.32 q7, [r7, #%c[biases]+32]
    .endm
    .macro scale low high n to
    .if %c[program] == %c[general]
    vldrb.s32 q2, [r7, #-48+8*\n] ;  vshl.s32 \low, \low, q2
    vldrb.s32 q3, [r7, #-44+8*\n] ;  vshl.s32 \high, \high, q3
    .endif
    vldrw.32 q2, [r7, #%c[biases]+64+32*\n] ;  vqrdmulh.s32 \low, \low, q2
    vldrw.32 q3, [r7, #%c[biases]+80+32*\n] ;  vqrdmulh.s32 \high, \high, q3
    vldrb.s32 q2, [r7, #-32+8*\n] ;  vldrb.s32 q3, [r7, #-28+8*\n]
    .if %c[program] == %c[general]
    vand q1, \low, q2 ;   vshr.s32 q1, q1, #31 ;  vadd.i32 \low, \low, q1
    vand q1, \high, q3 ;  vshr.s32 q1, q1, #31 ;  vadd.i32 \high, \high, q1
    .elseif %c[program] == %c[shifted]
    vshr.s32 q1, \low, #31 ;   vadd.i32 \low, \low, q1
    vshr.s32 q1, \high, #31 ;  vadd.i32 \high, \high, q1
    .endif
    vrshl.s32 \low, \low, q2 ;  vrshl.s32 \high, \high, q3
    vqmovnb.s32 \to, \low ;     vqmovnt.s32 \to, \high
    vqadd.s16 \to, \to, r11
    .endm

    push {r4-r11, lr}
    push {r0}
    vpush {d8-d15}
    sub sp, #16
    mov r12, r0
    ldr r7, [r12, #36] ;  ldrd r10, r11, [r12, #40]
    ldrd r8, r9, [r12, #28] ;  ldm r12, {r0-r6}
    add r7, #16
  2:
    ldr r12, [sp, #80]
    ldr lr, [r12, #48]
    .if %c[masked]
    ldr r12, [r12, #64]
    .endif
    dls lr, lr
  1:
    .if %c[masked]
    vctp.8 r12 ;  sub r12, #16
    .endif
    .if %c[nibbles]
    nibbles r0, -16, r1, q2
    nibbles r2, 0, r3
    nibbles r4, 16, r5
    nibbles r6, 32, r8
    nibbles r9, 48
    load_biases
    vmov q0, q4
    add_products r7, %c[biases]+48
    .else
    load_biases
    pair r0, r1, -16, r7, %c[biases]+48
    pair r2, r3, 16
    pair r4, r5, 48
    pair r6, r8, 80
    single r9, 112
    .endif
    scale q5, q6, 0, q4
    scale q7, q0, 1, q5
    vqmovnb.s16 q7, q4 ;  vqmovnt.s16 q7, q5
    .if %c[program] == %c[general]
    vldrw.32 q0, [r7, #%c[biases]+128] ;  vmax.s8 q7, q7, q0
    vldrw.32 q0, [r7, #%c[biases]+144] ;  vmin.s8 q7, q7, q0
    .endif
    .if %c[masked]
    vpst
    vstrbt.8 q7, [r10], #16
    .else
    vstrb.8 q7, [r10], #%c[step]
    .endif
    .ifeq %c[still]
    add r7, #%c[bytes]
    .endif
    le lr, 1b
    ldr r12, [sp, #80]
    ldr lr, [r12, #52] ;  subs lr, #1 ;  str lr, [r12, #52]
    beq 3f
    .if %c[masked]
    ldr r7, [r12, #60] ;  add r10, r7
    .endif
    ldr r7, [r12, #56] ;  cbz r7, 4f
    add r0, r7 ;  add r1, r7 ;  add r2, r7 ;  add r3, r7 ;  add r4, r7
    add r5, r7 ;  add r6, r7 ;  add r8, r7 ;  add r9, r7
  4:
    ldr r7, [r12, #68] ;  cmp lr, r7
    bne 5f
    ldr r0, [r12, #72] ;  ldr r3, [r12, #76] ;  ldr r6, [r12, #80]
  5:
    ldr r7, [r12, #84] ;  cmp lr, r7
    bne 6f
    ldr r2, [r12, #88] ;  mov r5, r2 ;  mov r9, r2
  6:
    ldr r7, [r12, #36] ;  add r7, #16
    b.w 2b
  3:
    add sp, #16
    vpop {d8-d15}
    pop {r0}
    pop {r4-r11, pc}
    .purgem load
    .purgem multiply
    .purgem add_products
    .purgem single
    .purgem pair
    .purgem add_product
    .purgem nibbles
    .purgem load_biases
    .purgem scale
  )" ::[program] "i"(program),
               [masked] "i"(masked), [still] "i"(still), [bytes] "i"(block_bytes(program, nibbles)),
               [nibbles] "i"(nibbles), [biases] "i"(nibbles ? 64 : 128), [general] "i"(general),
               [shifted] "i"(shifted), [step] "i"(step));
}

}  // namespace graven::core::mve_isa

#endif
