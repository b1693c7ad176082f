// The parts of a step of Winograd's F(2x2, 3x3). It makes two rows of outputs, four tiles of 2x2 (a
// group) at a time:
//   columns      transforms the four input rows of each of ten columns downwards
//   positions    transforms those along the row: products' inputs by position in the tile
//   sums         all positions of two outputs, and their transform down the tile
//   finish_sums  the transform along the row, requantization
// Positions of a tile are numbered 0 to 3 in each direction, and visited in the order 1, 2, 0, 3:
// with m1 summed, m2 goes on top of it (m1 + m2), m0 on top of that (the upper output), and m3,
// negated by its filter, on top of m1 - m2 (the lower one).
#pragma once

#if defined(__ARM_FEATURE_SIMD32) && defined(__thumb2__)

#include "graven/isa/shared/attributes.hpp"

#include <cstddef>
#include <cstdint>

namespace graven::core::armv7em_isa {

// Four rows of one column, `quads` times four channels: position i of channels c, c + 2 goes to
// to[80 * i], that of c + 1, c + 3 to to[80 * i + 10], in words.
GRAVEN_NAKED inline void columns(const std::byte* const*, std::byte*, int) {
  asm volatile(R"(
  .macro down at, turn:vararg
    sxtb16 r3, r8 \turn ;  sxtb16 r12, r10 \turn ;  ssub16 r3, r3, r12 ;  str r3, [r1, #\at]
    sxtb16 r3, r9 \turn ;  sadd16 lr, r3, r12 ;  str lr, [r1, #\at + 320]
    ssub16 lr, r12, r3 ;  str lr, [r1, #\at + 640]
    sxtb16 r12, r11 \turn ;  ssub16 r3, r3, r12 ;  str r3, [r1, #\at + 960]
  .endm
    push {r4-r11, lr} ;  ldm r0, {r4-r7}
  1:
    ldr r8, [r4], #4 ;  ldr r9, [r5], #4 ;  ldr r10, [r6], #4 ;  ldr r11, [r7], #4
    down 0 ;  down 40, , ror #8
    add r1, #80 ;  subs r2, #1 ;  bne 1b
    pop {r4-r11, pc}
  .purgem down
  )");
}

// From words of ten columns to those of four tiles, for each position: (columns, inputs of position
// 1, bytes to those of 2, 0 and 3, how many times).
GRAVEN_NAKED inline void positions(const std::byte*, std::byte*, int, int) {
  asm volatile(R"(
  .macro along a, b, c, d, e, f
    ssub16 r10, \a, \c ;  ssub16 r11, \c, \e ;  strd r10, r11, [r3], #8
    sadd16 r10, \b, \c ;  sadd16 r11, \d, \e ;  strd r10, r11, [r1], #8
    ssub16 r10, \c, \b ;  ssub16 r11, \e, \d ;  strd r10, r11, [r2], #8
    ssub16 r10, \b, \d ;  ssub16 r11, \d, \f ;  strd r10, r11, [r12], #8
  .endm
    push {r4-r11, lr} ;  mov lr, r3
    add r3, r1, r2, lsl #1 ;  add r12, r3, r2 ;  add r2, r1
  1:
    ldm r0!, {r4-r9} ;  along r4, r5, r6, r7, r8, r9
    ldm r0!, {r4-r7} ;  along r8, r9, r4, r5, r6, r7
    subs lr, #1 ;  bne 1b
    pop {r4-r11, pc}
  .purgem along
  )");
}

// All positions of two outputs. Stream: four times each bias; per position and two channels a word
// of each output. Room: 32 bytes, 32 bytes of zeros, then for each position along the row the sums
// of the upper and the lower outputs, 8 words each. Returns the end of what it has read.
//   r0 stream, r1 inputs, r4-r7 the first output's tiles, r8-r11 the second's
//   [sp] room, sums, end of the sums, loops (of `unroll` times two channels), loops left
template <int unroll, bool one_pass>
GRAVEN_NAKED const std::byte* sums(const std::byte*, const std::byte*, std::byte*, int) {
  asm volatile(R"(
  .macro position
    .if %c1 == 0 ;  ldr r2, [sp, #12] ;  str r2, [sp, #16] ;  .endif
  9:
    .rept %c0
    ldrd r12, lr, [r0], #8 ;  ldrd r2, r3, [r1], #8
    smlad r4, r12, r2, r4 ;  smlad r5, r12, r3, r5 ;  smlad r8, lr, r2, r8 ;  smlad r9, lr, r3, r9
    ldrd r2, r3, [r1], #8
    smlad r6, r12, r2, r6 ;  smlad r7, r12, r3, r7 ;  smlad r10, lr, r2, r10
    smlad r11, lr, r3, r11
    .endr
    .if %c1 == 0 ;  ldr r2, [sp, #16] ;  subs r2, #1 ;  str r2, [sp, #16] ;  bne.w 9b ;  .endif
  .endm
  .macro difference at, x, y
    ldrd r2, r3, [lr, #\at] ;  rsb r2, \x, r2, lsl #1 ;  rsb r3, \y, r3, lsl #1
    strd r2, r3, [lr, #\at]
  .endm
    push {r4-r11, lr} ;  sub sp, #20
    add r4, r2, #64 ;  add r5, r2, #320 ;  str r2, [sp] ;  strd r4, r5, [sp, #4]
    str r3, [sp, #12]
    ldrd r4, r8, [r0], #8
    mov r5, r4 ;  mov r6, r4 ;  mov r7, r4 ;  mov r9, r8 ;  mov r10, r8 ;  mov r11, r8
  1:
    position
    ldr r2, [sp] ;  stm r2, {r4-r11}
    position
    ldr lr, [sp]
    difference 0, r4, r5 ;  difference 8, r6, r7 ;  difference 16, r8, r9
    difference 24, r10, r11
    position
    ldr r2, [sp, #4] ;  ldr r3, [sp] ;  stm r2!, {r4-r11} ;  str r2, [sp, #4] ;  ldm r3, {r4-r11}
    position
    ldrd r2, r3, [sp, #4] ;  stm r2!, {r4-r11} ;  str r2, [sp, #4] ;  ldr r12, [sp]
    cmp r2, r3 ;  add r12, #32 ;  ldm r12, {r4-r11} ;  bne.w 1b
    add sp, #20 ;  pop {r4-r11, pc}
  .purgem position ;  .purgem difference
  )" ::"i"(unroll),
               "i"(one_pass ? 1 : 0));
}

// Where the outputs of a group go. Read by the assembler below.
struct GroupOut {
  std::byte *upper, *lower;  // go on to the next channel
  std::int32_t step, twice_zero;
};

// The sums of two outputs become bytes. Stream: the multiplier and the shift of each output.
// `floor`: see Store. Then a sum is shifted once, by e + 1, of which ssat does one.
//   r0 sums, r1 stream, r2 GroupOut, r3 multiplier, r4 shift, r5 constant, r12 out, lr step
template <bool floor> GRAVEN_NAKED void finish_sums(const std::byte*, const std::byte*, GroupOut*) {
  asm volatile(R"(
  .macro finish y
    .if %c0 ;  smmla \y, \y, r3, r5
    .else ;  asr r8, \y, #1 ;  add r9, r5, \y, asr #31 ;  smmlar \y, r8, r3, r9 ;  .endif
    asr \y, r4 ;  ssat \y, #8, \y, asr #1
  .endm
  .macro along at
    ldrd r6, r7, [r0, #\at] ;  ldrd r8, r9, [r0, #\at + 64]
    add r10, r6, r8 ;  sub r6, r6, r8 ;  add r11, r7, r9 ;  sub r7, r7, r9
    ldrd r8, r9, [r0, #\at + 128] ;  add r10, r8 ;  add r11, r9
    ldrd r8, r9, [r0, #\at + 192] ;  add r6, r8 ;  add r7, r9
    finish r10 ;  finish r6 ;  finish r11 ;  finish r7
    strb r10, [r12] ;  strb r6, [r12, lr] ;  strb r11, [r12, lr, lsl #1]
    add r12, r12, lr, lsl #1 ;  strb r7, [r12, lr] ;  add r12, r12, lr, lsl #1
  .endm
    push {r4-r11, lr} ;  mov r3, #2 ;  str r3, [sp, #-4]! ;  ldr lr, [r2, #8]
  1:
    ldrd r3, r4, [r1], #8 ;  ldr r5, [r2, #12] ;  lsl r5, r5, r4
    .if %c0 ;  add r5, #1 ;  .endif
    ldr r12, [r2] ;  along 0 ;  along 8
    ldr r12, [r2, #4] ;  along 32 ;  along 40
    ldrd r3, r4, [r2] ;  add r3, #1 ;  add r4, #1 ;  strd r3, r4, [r2]
    ldr r3, [sp] ;  add r0, #16 ;  subs r3, #1 ;  str r3, [sp] ;  bne.w 1b
    add sp, #4 ;  pop {r4-r11, pc}
  .purgem finish ;  .purgem along
  )" ::"i"(floor ? 1 : 0));
}

}  // namespace graven::core::armv7em_isa

#endif
