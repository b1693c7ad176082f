// The inner loops of Armv6-M: eight low registers, 32-bit products only, words only where aligned.
#pragma once

#if defined(__ARM_ARCH_6M__) || defined(__ARM_ARCH_8M_BASE__)

#include "graven/isa/armv6m/depthwise.hpp"
#include "graven/isa/armv6m/finish.hpp"
#include "graven/isa/armv6m/frame.hpp"
#include "graven/isa/shared/bytewise.hpp"
#include "graven/isa/shared/soft_float.hpp"
#include "graven/isa/shared/thumb/conv.hpp"
#include "graven/isa/shared/thumb/dense.hpp"

namespace graven::core::armv6m_isa {

using thumb_isa::DenseStep;
using thumb_isa::MatmulStep;
using thumb_isa::SpreadStep;

// Chunks of `pixels` pixels side by side, row after row; byte by byte, because rows lie anywhere.
// With bytes u = x + 128 the first word of a chunk is 2^16 - 0x00800080 * (U0 + U1).
//   r0 to, r1 from, r2-r5 a chunk, r6 0x00800080, r7 -r6, r8 step, r9 end of the row, r10 2^16,
//   r11 from the last pixel back to the first;  [sp] rows, offset, bytes of a row's chunks, rows
//   left
template <int pixels>
GRAVEN_NAKED void spread(std::byte*, const std::byte* const*, const SpreadStep*) {
  asm volatile(GRAVEN_ARMV6M_FRAME R"(
  .macro chunk n
    .if %c0 > \n
    .if \n ;  add r1, r8 ;  .endif
    ldrb r3, [r1] ;  ldrb r4, [r1, #1] ;  ldrb r2, [r1, #2] ;  ldrb r5, [r1, #3]
    lsls r2, #16 ;  orrs r3, r2 ;  lsls r5, #16 ;  orrs r4, r5 ;  eors r3, r6 ;  eors r4, r6
    adds r2, r3, r4 ;  muls r2, r7, r2 ;  add r2, r10 ;  adds r3, r3, r7 ;  adds r4, r4, r7
    stm r0!, {r2-r4}
    .endif
  .endm
    enter
    ldm r2!, {r4-r7} ;  mov r8, r5 ;  mov r2, r5 ;  mov r5, r6 ;  mov r6, r7
    movs r3, #12 * %c0 ;  muls r5, r3, r5 ;  movs r3, r1 ;  push {r3-r6}
    movs r4, #%c0 - 1 ;  muls r4, r2, r4 ;  movs r3, #4 ;  subs r3, r3, r4 ;  mov r11, r3
    movs r3, #1 ;  lsls r3, #16 ;  mov r10, r3
    movs r6, #128 ;  lsls r3, r6, #16 ;  orrs r6, r3 ;  rsbs r7, r6, #0
  1:
    ldr r2, [sp] ;  ldm r2!, {r1} ;  str r2, [sp] ;  ldr r3, [sp, #4] ;  adds r1, r1, r3
    ldr r3, [sp, #8] ;  adds r3, r3, r0 ;  mov r9, r3
  2:
    chunk 0 ;  chunk 1 ;  chunk 2 ;  chunk 3
    add r1, r11 ;  cmp r0, r9 ;  bne 2b
    ldr r3, [sp, #12] ;  subs r3, #1 ;  str r3, [sp, #12] ;  bne 1b
    add sp, #16 ;  leave
  .purgem chunk ;  .purgem enter ;  .purgem leave
  )" ::"i"(pixels));
}

// All outputs of a stream on a tile of `pixels`. Stream, per output: word, chunks, three parts of
// the multiplier as halfwords, two counts of corrections as bytes, corrections.
//   r0 stream, r1 tile, r2 r3 weights, r4-r6 a chunk of inputs, r7 mask, r8-r11 sums, r12 the
//   tile's end, lr pixel_step;  [sp] tile, twice_zero, out, word, mask
template <int pixels, int unroll, bool clamps>
GRAVEN_NAKED void matmul(const std::byte*, const std::byte*, std::byte*, const MatmulStep*) {
  asm volatile(GRAVEN_ARMV6M_FRAME GRAVEN_ARMV6M_FINISH GRAVEN_ARMV6M_PUT R"(
  .macro pixel n, sum
    .if %c[outputs] > \n
    ldm r1!, {r4-r6} ;  muls r5, r3, r5 ;  muls r6, r2, r6 ;  adds r4, r4, r5 ;  adds r4, r4, r6
    asrs r4, #16 ;  add \sum, r4
    .endif
  .endm
  .macro correct n, sum
    .if %c[outputs] > \n ;  movs r5, #12 * \n ;  ldrsh r6, [r4, r5] ;  muls r6, r3, r6
    add \sum, r6
    .endif
  .endm
  .macro corrected
    ldm r0!, {r3} ;  uxth r4, r3 ;  asrs r3, #24
    .if %c[outputs] == 2 ;  lsls r4, #1 ;  .elseif %c[outputs] == 4 ;  lsls r4, #2
    .elseif %c[outputs] == 3 ;  lsls r5, r4, #1 ;  adds r4, r4, r5 ;  .endif
    adds r4, r4, r1
    correct 0, r8 ;  correct 1, r9 ;  correct 2, r10 ;  correct 3, r11
  .endm
    enter
    sub sp, #20 ;  str r1, [sp] ;  str r2, [sp, #8]
    ldm r3!, {r4-r6} ;  mov lr, r4 ;  str r5, [sp, #4]
    movs r7, #12 * %c[outputs] ;  muls r6, r7, r6 ;  adds r6, r6, r1 ;  mov r12, r6
    movs r7, #255 ;  lsls r6, r7, #16 ;  orrs r7, r6 ;  str r7, [sp, #16]
    ldm r0!, {r2}
  1:
    str r2, [sp, #12] ;  asrs r2, #8 ;  mov r8, r2
    .if %c[outputs] > 1 ;  mov r9, r2 ;  .endif ;  .if %c[outputs] > 2 ;  mov r10, r2 ;  .endif
    .if %c[outputs] > 3 ;  mov r11, r2 ;  .endif
    ldr r1, [sp] ;  ldr r7, [sp, #16]
  2:
    .rept %c[unroll]
    ldm r0!, {r2} ;  movs r3, r2 ;  ands r3, r7 ;  lsrs r2, #8 ;  ands r2, r7
    pixel 0, r8 ;  pixel 1, r9 ;  pixel 2, r10 ;  pixel 3, r11
    .endr
    cmp r1, r12
    .if %c[outputs] * %c[unroll] < 16 ;  bne 2b ;  .else ;  beq 5f ;  b 2b ;  .endif
  5:
    movs r7, r0 ;  adds r0, #8 ;  ldr r1, [sp] ;  ldrh r2, [r7, #6] ;  cmp r2, #0 ;  beq 4f
    uxtb r2, r2 ;  adds r1, #4 ;  cmp r2, #0 ;  beq 5f
  3:
    corrected ;  subs r2, #1 ;  bne 3b
  5:
    ldrb r2, [r7, #7] ;  cmp r2, #0 ;  beq 4f ;  adds r1, #4
  6:
    corrected ;  subs r2, #1 ;  bne 6b
  4:
    ldr r6, [sp, #12] ;  ldr r5, [sp, #4] ;  lsls r5, r6 ;  adds r6, #1
    ldr r2, [sp, #8] ;  adds r3, r2, #1 ;  str r3, [sp, #8]
    put 0, r8 ;  put 1, r9 ;  put 2, r10 ;  put 3, r11
    ldm r0!, {r2} ;  rsbs r3, r2, #0 ;  bvs 9f ;  b 1b
  9:
    add sp, #20 ;  leave
  .purgem finish ;  .purgem pixel ;  .purgem correct
  .purgem corrected ;  .purgem put ;  .purgem enter ;  .purgem leave
  )" ::[outputs] "i"(pixels),
               [unroll] "i"(unroll), [clamps] "i"(clamps ? 1 : 0));
}

// Adds a tile of one pixel times its weights to every sum.
//   r0 weights, r1 tile, r2 r3 weights, r4-r6 a chunk of inputs, r7 mask, r8-r11 the step, r12 sum
template <int unroll> GRAVEN_NAKED void accumulate(const std::byte*, const DenseStep*) {
  asm volatile(GRAVEN_ARMV6M_FRAME R"(
    enter
    ldm r1!, {r4-r7} ;  mov r8, r4 ;  mov r9, r5 ;  mov r10, r6 ;  mov r11, r7
    movs r7, #255 ;  lsls r6, r7, #16 ;  orrs r7, r6
  1:
    mov r4, r10 ;  ldr r5, [r4] ;  mov r12, r5 ;  mov r1, r8
  2:
    .rept %c0
    ldm r0!, {r2} ;  movs r3, r2 ;  ands r3, r7 ;  lsrs r2, #8 ;  ands r2, r7
    ldm r1!, {r4-r6} ;  muls r5, r3, r5 ;  muls r6, r2, r6 ;  adds r4, r4, r5 ;  adds r4, r4, r6
    asrs r4, #16 ;  add r12, r4
    .endr
    cmp r1, r9 ;  bne 2b
    mov r4, r10 ;  mov r5, r12 ;  stm r4!, {r5} ;  mov r10, r4 ;  cmp r4, r11 ;  bne 1b
    leave
  .purgem enter ;  .purgem leave
  )" ::"i"(unroll));
}

struct Core : ByteCopies<false> {
  using Products = NarrowProducts;
  using Mantissas = NarrowMantissas;

  static constexpr std::int64_t most_sum = 1 << 20;
  static constexpr int tail_bytes = 8, most_pixels = 4;

  static constexpr int few_outputs = 2;  // that windows of few bytes compute without a tile

  // As GRAVEN_ARMV6M_FINISH, of a sum of at most 21 bits.
  struct Finish {
    int low, middle, high, shift, add;

    Finish(Multiplier m, int zero)
        : low(m.multiplier & 0x7ff), middle(m.multiplier >> 11 & 0x3ff), high(m.multiplier >> 21),
          shift(-m.shift), add((2 * zero + 1) * (1 << (shift - 1))) {}

    [[gnu::always_inline]] std::int8_t operator()(std::int32_t sum) const {
      const std::int32_t y = (((sum * low) >> 11) + sum * middle) >> 10;
      const std::int32_t product = y + sum * high;
      const std::int32_t z = ((product >> 10) + (product >> 9 & 1) + add + (sum >> 31)) >> shift;
      return static_cast<std::int8_t>(z < -128 ? -128 : z > 127 ? 127 : z);
    }
  };

  // Is the output saturated where the sum leaves its range?
  static constexpr bool saturates(Multiplier m, int zero) {
    return requantize((1 << 20) - 1, m) + zero >= 127 && requantize(-(1 << 20), m) + zero <= -128;
  }
  static constexpr void put_tail(Writer& to, Multiplier m, int corrections) {
    to.put(static_cast<std::uint16_t>(m.multiplier & 0x7ff));
    to.put(static_cast<std::uint16_t>(m.multiplier >> 11 & 0x3ff));
    to.put(static_cast<std::uint16_t>(m.multiplier >> 21));
    to.put(static_cast<std::uint16_t>(corrections));
  }

  template <int pixels>
  static void spread(std::byte* to, const std::byte* const* rows, const SpreadStep* step) {
    armv6m_isa::spread<pixels>(to, rows, step);
  }
  template <int pixels, int unroll, bool clamps>
  static void matmul(const std::byte* stream, const std::byte* tile, std::byte* out,
                     const MatmulStep* step) {
    armv6m_isa::matmul<pixels, unroll, clamps>(stream, tile, out, step);
  }
  template <int unroll> static void accumulate(const std::byte* weights, const DenseStep* step) {
    armv6m_isa::accumulate<unroll>(weights, step);
  }
  template <int stride, bool clamps> static void depthwise(const DepthwiseStep* step) {
    depthwise3x3<stride, clamps>(step);
  }
  template <TapRuns runs, bool clamps> static void depthwise_tile(const DepthwiseTile* tile) {
    armv6m_isa::depthwise_tile<runs, clamps>(tile);
  }
};

}  // namespace graven::core::armv6m_isa

#endif
