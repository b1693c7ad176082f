// The inner loops of depthwise convolutions on Armv7-M.
#pragma once

#if defined(__thumb2__)

#include "graven/isa/armv7m/finish.hpp"
#include "graven/isa/armv7m/tile.hpp"
#include "graven/isa/shared/thumb/depthwise.hpp"

namespace graven::core::armv7m_isa {

using thumb_isa::DepthwiseStep;

// Two outputs of a row. Stream, per channel: word, three rows of weights, multiplier, 0.
//   r0 stream, r1-r3 rows, r4 channels, r5 3 * channels, r6 r7 sums, r8-r10 weights, r11 input,
//   r12 out, lr word;  [sp] out_step, twice_zero
template <int stride> GRAVEN_NAKED void depthwise3x3(const DepthwiseStep*) {
  asm volatile(GRAVEN_ARMV7M_FINISH R"(
  .macro row p, at
    ldrsb r8, [r0, #\at] ;  ldrsb r9, [r0, #\at + 1] ;  ldrsb r10, [r0, #\at + 3]
    ldrsb r11, [\p, r4] ;          mla r6, r11, r9, r6
    .if %c0 == 1 ;  mla r7, r11, r8, r7 ;  .endif
    ldrsb r11, [\p, r4, lsl #1] ;  mla r6, r11, r10, r6
    .if %c0 == 1 ;  mla r7, r11, r9, r7 ;  .else ;  mla r7, r11, r8, r7 ;  .endif
    ldrsb r11, [\p, r5]
    .if %c0 == 1 ;  mla r7, r11, r10, r7 ;  .else ;  mla r7, r11, r9, r7
    ldrsb r11, [\p, r4, lsl #2] ;  mla r7, r11, r10, r7 ;  .endif
    ldrsb r11, [\p], #1 ;          mla r6, r11, r8, r6
  .endm
    push {r4-r11, lr} ;  sub sp, #8
    ldrd r4, r5, [r0, #24] ;  strd r4, r5, [sp]
    ldrd r12, r4, [r0, #16] ;  add r5, r4, r4, lsl #1
    ldm r0, {r1-r3, r6} ;  mov r0, r6 ;  ldr lr, [r0], #4
  1:
    asr r6, lr, #8 ;  mov r7, r6
    row r1, 0 ;  row r2, 4 ;  row r3, 8
    ldr r8, [sp, #4] ;  lsl r8, r8, lr ;  ldr r10, [r0, #12]!
    finish r7, r10, lr, r8, r9, r11 ;  ldr r9, [sp] ;  strb r11, [r12, r9]
    finish r6, r10, lr, r8, r9, r11 ;  strb r11, [r12], #1
    ldr lr, [r0, #8] ;  add r0, #12 ;  cmp lr, #0x80000000 ;  bne.w 1b
    add sp, #8 ;  pop {r4-r11, pc}
  .purgem finish ;  .purgem row
  )" ::"i"(stride));
}

// A tile of up to four outputs with any filter. Stream, per channel: word, weights, multiplier, 0.
//   r0 stream, r1 input, r2 weight, r3 pixel, r4-r7 sums, r8-r11 inputs, r12 3 * pixel, lr runs;
//   where no inputs are shared r8 input, r9 tap;  [sp] DepthwiseTile (channel instead of stream),
//   word
template <TapRuns runs> GRAVEN_NAKED void depthwise_tile(const DepthwiseTile*) {
  asm volatile(GRAVEN_ARMV7M_FINISH
               // input `n` of those that are a pixel apart; where runs share inputs, those of
               // tap after tap, held in registers (.Lskip inputs are loaded before the next tap);
               // and one tap by itself.
               R"(
  .macro input n, to
    .if \n - .Lbase > 4 ;  add r1, r12 ;  .set .Lbase, .Lbase + 3 ;  .endif
    .if \n == .Lbase ;  ldrsb \to, [r1]
    .elseif \n == .Lbase + 1 ;  ldrsb \to, [r1, r3]
    .elseif \n == .Lbase + 2 ;  ldrsb \to, [r1, r3, lsl #1]
    .elseif \n == .Lbase + 3 ;  ldrsb \to, [r1, r12]
    .else ;  ldrsb \to, [r1, r3, lsl #2] ;  .endif
  .endm
  .macro taps n, k, a, b, c, d
    .if \k < %c[length]
    .if %c[outputs] == 1 ;  input \n, \a ;  .elseif %c[outputs] == 2 ;  input \n + 1, \b
    .elseif %c[outputs] == 3 ;  input \n + 2, \c ;  .else ;  input \n + 3, \d ;  .endif
    .if .Lskip
    .set .Lskip, .Lskip - 1
    taps \n + 1, \k, \b, \c, \d, \a
    .else
    .set .Lskip, %c[apart] - 1
    ldrsb r2, [r0, #\k] ;  mla r4, \a, r2, r4
    .if %c[outputs] > 1 ;  mla r5, \b, r2, r5 ;  .endif
    .if %c[outputs] > 2 ;  mla r6, \c, r2, r6 ;  .endif
    .if %c[outputs] > 3 ;  mla r7, \d, r2, r7 ;  .endif
    taps \n + 1, \k + %c[shared], \b, \c, \d, \a
    .endif
    .endif
  .endm
  .macro tap_class first
    .set .Lbase, 0 ;  .set .Lskip, 0
    .if %c[outputs] > 1 ;  input 0, r8 ;  .endif ;  .if %c[outputs] > 2 ;  input 1, r9 ;  .endif
    .if %c[outputs] > 3 ;  input 2, r10 ;  .endif
    taps 0, \first, r8, r9, r10, r11
  .endm
  .macro lone_tap k
    .if \k < %c[length]
    ldrsb r2, [r0, #\k] ;  ldrsb r8, [r1] ;  mla r4, r8, r2, r4
    .if %c[outputs] > 1 ;  ldrsb r8, [r1, r3] ;  mla r5, r8, r2, r5 ;  .endif
    .if %c[outputs] > 2 ;  ldrsb r8, [r1, r3, lsl #1] ;  mla r6, r8, r2, r6 ;  .endif
    .if %c[outputs] > 3 ;  ldrsb r8, [r1, r12] ;  mla r7, r8, r2, r7 ;  .endif
    add r1, r9
    lone_tap \k + 1
    .endif
  .endm
  )" GRAVEN_ARMV7M_SUMS R"(
  .macro put sum, to:vararg
    finish \sum, r8, r9, r10, r2, r11 ;  strb r11, \to
  .endm
    push {r4-r11, lr} ;  sub sp, #40 ;  ldm r0, {r1-r9} ;  mov r0, r3 ;  mov r3, #0
    stm sp, {r1-r9} ;  mov r3, r7 ;  add r12, r3, r3, lsl #1
  1:
    first_sums
    .if %c[shared] == 0 ;  ldr r9, [sp, #20] ;  .endif
  2:
    ldr r1, [lr], #4 ;  ldr r2, [sp, #8] ;  add r1, r2
    .if %c[shared] == 0 ;  lone_tap 0 ;  .else ;  tap_class 0 ;  .endif
    .if %c[shared] == 2 && %c[length] > 1
    .rept .Lbase / 3 ;  sub r1, r12 ;  .endr
    ldr r2, [sp, #20] ;  add r1, r2 ;  tap_class 1
    .endif
    ldr r2, [sp, #4] ;  add r0, #%c[length] ;  cmp lr, r2 ;  bne.w 2b
    put_sums 8 ;  bne.w 1b
    add sp, #40 ;  pop {r4-r11, pc}
  .purgem finish ;  .purgem put ;  .purgem input ;  .purgem taps ;  .purgem tap_class
  .purgem lone_tap ;  .purgem first_sums ;  .purgem put_sums
  )" ::[outputs] "i"(runs.outputs),
               [length] "i"(runs.length), [shared] "i"(runs.shared), [apart] "i"(runs.apart));
}

}  // namespace graven::core::armv7m_isa

#endif
