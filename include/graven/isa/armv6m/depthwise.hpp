// The inner loops of depthwise convolutions on Armv6-M.
#pragma once

#if defined(__ARM_ARCH_6M__) || defined(__ARM_ARCH_8M_BASE__)

#include "graven/isa/armv6m/finish.hpp"
#include "graven/isa/armv6m/frame.hpp"
#include "graven/isa/shared/thumb/depthwise.hpp"

namespace graven::core::armv6m_isa {

using thumb_isa::DepthwiseStep;

// Two outputs of a row. Stream, per channel: word, three rows of weights, three parts of the
// multiplier and nothing as halfwords.
//   r0 stream, r1 column, r2 channel, r3-r5 weights, r6 r7 inputs, r8 channels, r9-r11 rows,
//   r12 lr sums;  [sp] out, its second pixel, twice_zero, word
template <int stride, bool clamps> GRAVEN_NAKED void depthwise3x3(const DepthwiseStep*) {
  asm volatile(GRAVEN_ARMV6M_FRAME GRAVEN_ARMV6M_FINISH R"(
  .macro last sum, w
    muls r6, \w, r6 ;  add \sum, r6
  .endm
  .macro both w0, w1
    movs r7, r6 ;  muls r7, \w0, r7 ;  add r12, r7 ;  last lr, \w1
  .endm
  .macro next
    add r1, r8 ;  ldrsb r6, [r1, r2]
  .endm
  .macro row p
    ldm r0!, {r5} ;  sxtb r3, r5 ;  lsls r4, r5, #16 ;  asrs r4, #24 ;  asrs r5, #24
    mov r1, \p ;  ldrsb r6, [r1, r2] ;  last r12, r3
    .if %c[stride] == 1 ;  next ;  both r4, r3 ;  next ;  both r5, r4 ;  next ;  last lr, r5
    .else ;  next ;  last r12, r4 ;  next ;  both r5, r3 ;  next ;  last lr, r4
    next ;  last lr, r5 ;  .endif
  .endm
    enter
    sub sp, #16 ;  ldm r0!, {r1-r3} ;  mov r9, r1 ;  mov r10, r2 ;  mov r11, r3
    ldm r0!, {r1-r5} ;  mov r8, r3 ;  adds r4, r4, r2 ;  str r2, [sp] ;  str r4, [sp, #4]
    str r5, [sp, #8] ;  movs r0, r1 ;  movs r2, #0
    ldm r0!, {r7}
  1:
    str r7, [sp, #12] ;  asrs r7, #8 ;  mov r12, r7 ;  mov lr, r7
    row r9 ;  row r10 ;  row r11
    movs r7, r0 ;  adds r0, #8
    ldr r6, [sp, #12] ;  ldr r5, [sp, #8] ;  lsls r5, r6 ;  adds r6, #1
    finish lr, %c[clamps] ;  ldr r4, [sp, #4] ;  strb r3, [r4, r2]
    finish r12, %c[clamps] ;  ldr r4, [sp] ;  strb r3, [r4, r2]
    adds r2, #1 ;  ldm r0!, {r7} ;  rsbs r3, r7, #0 ;  bvs 9f ;  b 1b
  9:
    add sp, #16 ;  leave
  .purgem finish ;  .purgem last ;  .purgem both ;  .purgem next ;  .purgem row
  .purgem enter ;  .purgem leave
  )" ::[stride] "i"(stride),
               [clamps] "i"(clamps ? 1 : 0));
}

// A tile of up to four outputs with any filter. Stream, per channel: word, weights, zeros up to a
// whole word, three parts of the multiplier and nothing as halfwords.
//   r0 stream, r1 input, r2 product, r3 weight, r4-r6 1, 2 and 3 * pixel, r7 0, r8-r11 sums, r12
//   tap, lr runs;  [sp] DepthwiseTile (channel instead of stream), word
template <TapRuns runs, bool clamps> GRAVEN_NAKED void depthwise_tile(const DepthwiseTile*) {
  asm volatile(GRAVEN_ARMV6M_FRAME GRAVEN_ARMV6M_FINISH GRAVEN_ARMV6M_PUT R"(
  .macro product n, sum, at
    .if %c[outputs] > \n ;  ldrsb r2, [r1, \at] ;  muls r2, r3, r2 ;  add \sum, r2 ;  .endif
  .endm
  .macro taps k
    .if \k < %c[length]
    ldrb r3, [r0, #\k] ;  sxtb r3, r3
    product 0, r8, r7 ;  product 1, r9, r4 ;  product 2, r10, r5 ;  product 3, r11, r6
    add r1, r12
    taps \k + 1
    .endif
  .endm
    enter
    sub sp, #40 ;  mov r1, sp ;  ldm r0!, {r2-r6} ;  mov r7, r4 ;  movs r4, #0
    stm r1!, {r2-r6} ;  ldm r0!, {r2-r5} ;  stm r1!, {r2-r5} ;  movs r0, r7 ;  mov r12, r2
  1:
    ldm r0!, {r3} ;  str r3, [sp, #36] ;  asrs r3, #8
    mov r8, r3 ;  mov r9, r3 ;  mov r10, r3 ;  mov r11, r3 ;  ldr r3, [sp] ;  mov lr, r3
    ldr r4, [sp, #24] ;  lsls r5, r4, #1 ;  adds r6, r4, r5 ;  movs r7, #0
  2:
    mov r3, lr ;  ldm r3!, {r1} ;  mov lr, r3 ;  ldr r3, [sp, #8] ;  adds r1, r1, r3
    taps 0
    adds r0, #%c[length] ;  ldr r3, [sp, #4] ;  cmp lr, r3 ;  beq 3f ;  b 2b
  3:
    adds r0, #3 ;  lsrs r0, #2 ;  lsls r0, #2 ;  movs r7, r0 ;  adds r0, #8
    ldr r6, [sp, #36] ;  ldr r5, [sp, #32] ;  lsls r5, r6 ;  adds r6, #1
    ldr r2, [sp, #28] ;  mov lr, r2 ;  ldr r2, [sp, #12] ;  adds r3, r2, #1 ;  str r3, [sp, #12]
    put 0, r8 ;  put 1, r9 ;  put 2, r10 ;  put 3, r11
    ldr r2, [sp, #8] ;  adds r2, #1 ;  str r2, [sp, #8] ;  ldr r3, [sp, #16] ;  cmp r2, r3
    beq 9f ;  b 1b
  9:
    add sp, #40 ;  leave
  .purgem finish ;  .purgem product ;  .purgem taps ;  .purgem put ;  .purgem enter
  .purgem leave
  )" ::[outputs] "i"(runs.outputs),
               [length] "i"(runs.length), [clamps] "i"(clamps ? 1 : 0));
}

}  // namespace graven::core::armv6m_isa

#endif
