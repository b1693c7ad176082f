// The assembler of depthwise 3x3 on planar rows (planar.hpp).
#pragma once

#if defined(__ARM_FEATURE_SIMD32) && defined(__thumb2__)

#include "graven/isa/shared/attributes.hpp"

#include <cstddef>
#include <cstdint>

namespace graven::core::armv7em_isa {

// What a row of the kernel needs. Read by the assembler below.
struct PlanarStep {
  const std::byte *top, *middle, *bottom;  // top and bottom may be missing
  const std::byte* stream;
  std::byte* out;
  std::int32_t pixel_step, twice_zero;
  std::int32_t tiles, gap;  // gap: bytes from the end of a channel's tiles to the next channel
};

// All channels of a row of outputs, `outputs` (1 to 6) at a time. `stride` 0: the row is one tile
// without padding, and the stride is 1. `advance`: input bytes per tile. `floor`: the zero point of
// the output is the lowest value, so that negative sums need no care in rounding.
// Stream, per channel: 256 times the bias, the multiplier, then a word for the middle, top and
// bottom row of the filter: bytes of column 1, column 0, in the first word the shift, column 2.
// A word 0x80000000 ends it.
//   r0-r2 rows, r3 stream, r4-r9 sums, r10 weights 0 and 2, r11 weight 1, r12 lr inputs
//   [sp] out of the channel, out, pixel_step, twice_zero, tiles, gap, tiles left
// One tile of up to five outputs: r9 out, [sp + 16] three times pixel_step, pixel_step
template <int outputs, int stride, int advance, bool one_tile, bool floor>
GRAVEN_NAKED void depthwise3(const PlanarStep*) {
  asm volatile(
      // columns 0 and 2 (1 and 3) from a byte on as halfwords. `p` goes on by `by`.
      R"(
  .macro two p, by
    ldr r12, [\p], #\by ;  uxtb16 lr, r12, ror #8 ;  uxtb16 r12, r12
  .endm
  .macro one p, by
    ldr r12, [\p], #\by ;  uxtb16 r12, r12
  .endm
  .macro odd p, by
    ldr r12, [\p], #\by ;  uxtb16 r12, r12, ror #8
  .endm
  )"
      // `row` adds a filter row at [r3, #at] to all sums of a tile, starting from s0... Weights are
      // taken 256-fold: a byte at the top of its halfword needs no sign extension.
      R"(
  .macro sum x, y, half, acc, start
    smlad \acc, \x, r10, \start ;  smla\half \acc, \y, r11, \acc
  .endm
  .macro sums a, s, b, t
    sum r12, lr, bb, \a, \s
    .ifnb \b ;  sum lr, r12, tb, \b, \t ;  .endif
  .endm
  .macro row p, at, s0, s1, s2, s3, s4, s5
    ldr r11, [r3, #\at] ;  and r10, r11, #0xff00ff00 ;  lsl r11, r11, #8
    .if %c[stride] == 0
    .if %c[outputs] < 5 ;  two \p, %c[advance] ;  .elseif %c[outputs] == 5 ;  two \p, 1
    .else ;  two \p, 2 ;  .endif
    smlabb r4, r12, r11, \s0 ;  smlabt r4, lr, r10, r4 ;  sum r12, lr, bb, r5, \s1
    .if %c[outputs] == 3 ;  smlabb r6, lr, r10, \s2 ;  smlatb r6, r12, r11, r6 ;  .else
    sum lr, r12, tb, r6, \s2 ;  .endif
    .if %c[outputs] == 4 ;  smlatb r7, r12, r10, \s3 ;  smlatb r7, lr, r11, r7 ;  .endif
    .if %c[outputs] == 5 ;  odd \p, %c[advance] - 1 ;  sum r12, lr, tb, r7, \s3
    smlatb r8, lr, r10, \s4 ;  smlatb r8, r12, r11, r8 ;  .endif
    .if %c[outputs] == 6 ;  two \p, %c[advance] - 2 ;  sums r7, \s3, r8, \s4
    smlatb r9, r12, r10, \s5 ;  smlatb r9, lr, r11, r9 ;  .endif
    .elseif %c[stride] == 1
    .if %c[outputs] == 1 ;  two \p, %c[advance] ;  sums r4, \s0 ;  .endif
    .if %c[outputs] == 2 ;  two \p, %c[advance] ;  .endif
    .if %c[outputs] > 2 ;  two \p, 2 ;  .endif
    .if %c[outputs] > 1 ;  sums r4, \s0, r5, \s1 ;  .endif
    .if %c[outputs] == 3 ;  one \p, %c[advance] - 2 ;  sum r12, lr, tb, r6, \s2 ;  .endif
    .if %c[outputs] == 4 ;  two \p, %c[advance] - 2 ;  .endif
    .if %c[outputs] > 4 ;  two \p, 2 ;  .endif
    .if %c[outputs] > 3 ;  sums r6, \s2, r7, \s3 ;  .endif
    .if %c[outputs] == 5 ;  one \p, %c[advance] - 4 ;  sum r12, lr, tb, r8, \s4 ;  .endif
    .if %c[outputs] == 6 ;  two \p, %c[advance] - 4 ;  sums r8, \s4, r9, \s5 ;  .endif
    .else
    .if %c[outputs] == 1 ;  two \p, %c[advance] ;  .else ;  two \p, 2 ;  .endif ;  sums r4, \s0
    .if %c[outputs] == 2 ;  one \p, %c[advance] - 2
    .elseif %c[outputs] > 2 ;  one \p, 2 ;  .endif
    .if %c[outputs] > 1 ;  sum r12, lr, tb, r5, \s1 ;  .endif
    .if %c[outputs] == 3 ;  two \p, %c[advance] - 4
    .elseif %c[outputs] > 3 ;  two \p, 2 ;  .endif
    .if %c[outputs] > 2 ;  sums r6, \s2 ;  .endif
    .if %c[outputs] == 4 ;  one \p, %c[advance] - 6
    .elseif %c[outputs] > 4 ;  one \p, 2 ;  .endif
    .if %c[outputs] > 3 ;  sum r12, lr, tb, r7, \s3 ;  .endif
    .if %c[outputs] == 5 ;  two \p, %c[advance] - 8
    .elseif %c[outputs] > 5 ;  two \p, 2 ;  .endif
    .if %c[outputs] > 4 ;  sums r8, \s4 ;  .endif
    .if %c[outputs] == 6 ;  one \p, %c[advance] - 10 ;  sum r12, lr, tb, r9, \s5 ;  .endif
    .endif
  .endm
  )"
      // `if_row`: skips a row that is missing (cbz reaches 126 bytes); `first`: the middle row,
      // starting from the bias; `finish` and `put`: from a sum to its byte.
      R"(
  .macro if_row p, else
    .if %c[near] ;  cbz \p, \else ;  .else ;  cmp \p, #0 ;  beq.w \else ;  .endif
  .endm
  .macro first last
    row r1, 8, \last, \last, \last, \last, \last, \last
  .endm
  .macro finish n, acc
    .if %c[outputs] > \n
    .if %c[floor] ;  smmla \acc, \acc, r11, r12
    .else ;  add lr, r12, \acc, asr #31 ;  asr \acc, #7 ;  smmlar \acc, \acc, r11, lr ;  .endif
    asr \acc, r10 ;  ssat \acc, #8, \acc, asr #1
    .endif
  .endm
  .macro put n, acc, to:vararg
    .if %c[outputs] > \n ;  strb \acc, [\to] ;  .endif
  .endm
  .macro put_124 out
    put 1, r5, \out, lr ;  put 2, r6, \out, lr, lsl #1 ;  put 4, r8, \out, lr, lsl #2
  .endm
  )"
      R"(
    push {r4-r11, lr} ;  sub sp, #28
    ldrd r4, r5, [r0, #16] ;  str r4, [sp] ;  strd r4, r5, [sp, #4]
    ldrd r4, r5, [r0, #24] ;  strd r4, r5, [sp, #12] ;  ldr r4, [r0, #32] ;  str r4, [sp, #20]
    ldm r0, {r0-r3}
    .if %c[one_tile] ;  ldr r%c[last], [r3] ;  .endif
    .if %c[one_tile] && %c[outputs] < 6
    ldrd r9, r10, [sp, #4] ;  str r10, [sp, #20] ;  add r10, r10, r10, lsl #1 ;  str r10, [sp, #16]
    .endif
  1:
    .if %c[one_tile] == 0 ;  ldr r4, [sp, #16] ;  str r4, [sp, #24] ;  .endif
  2:
    .if %c[one_tile] == 0 ;  ldr r%c[last], [r3] ;  .endif
    first r%c[last]
    if_row r0, 3f ;  row r0, 12, r4, r5, r6, r7, r8, r9
  3:
    if_row r2, 4f ;  row r2, 16, r4, r5, r6, r7, r8, r9
  4:
    ldr r12, [sp, #12] ;  ldrb r10, [r3, #10] ;  ldr r11, [r3, #4] ;  lsl r12, r12, r10
    .if %c[floor] ;  add r12, #64 ;  .endif
    finish 0, r4 ;  finish 1, r5 ;  finish 2, r6 ;  finish 3, r7 ;  finish 4, r8 ;  finish 5, r9
    .if %c[one_tile] && %c[outputs] < 6
    ldrd r11, lr, [sp, #16] ;  put 3, r7, r9, r11 ;  put_124 r9 ;  strb r4, [r9], #1
    .else
    ldrd r12, lr, [sp, #4] ;  put_124 r12
    .if %c[outputs] > 2 ;  add r11, r12, lr ;  .endif
    put 3, r7, r11, lr, lsl #1 ;  put 5, r9, r11, lr, lsl #2
    .if %c[one_tile]
    strb r4, [r12], #1 ;  str r12, [sp, #4]
    .else
    strb r4, [r12]
    .if %c[outputs] == 1 ;  add r12, lr ;  .endif
    .if %c[outputs] == 2 ;  add r12, r12, lr, lsl #1 ;  .endif
    .if %c[outputs] == 3 ;  add r12, r11, lr, lsl #1 ;  .endif
    .if %c[outputs] == 4 ;  add r12, r12, lr, lsl #2 ;  .endif
    .if %c[outputs] > 4 ;  add r12, r11, lr, lsl #2 ;  .endif
    .if %c[outputs] == 6 ;  add r12, lr ;  .endif
    ldr r4, [sp, #24] ;  str r12, [sp, #4] ;  subs r4, #1 ;  str r4, [sp, #24] ;  bne.w 2b
    ldr r4, [sp, #20] ;  add r1, r4 ;  cbz r0, 5f ;  add r0, r4
  5:
    cbz r2, 6f ;  add r2, r4
  6:
    ldr r12, [sp] ;  add r12, #1 ;  strd r12, r12, [sp]
    .endif ;  .endif
    ldr r%c[last], [r3, #20]! ;  cmp r%c[last], #0x80000000 ;  bne.w 1b
    add sp, #28 ;  pop {r4-r11, pc}
  .purgem two ;  .purgem one ;  .purgem odd ;  .purgem sum ;  .purgem sums ;  .purgem row
  .purgem if_row ;  .purgem first ;  .purgem finish ;  .purgem put ;  .purgem put_124
  )" ::[outputs] "i"(outputs),
      [one_tile] "i"(one_tile ? 1 : 0), [floor] "i"(floor ? 1 : 0), [last] "i"(outputs + 3),
      [stride] "i"(stride), [advance] "i"(advance),
      [near] "i"(stride == 0 || outputs <= 4 ? 1 : 0));
}

}  // namespace graven::core::armv7em_isa

#endif
