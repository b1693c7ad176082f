// The inner loops of Armv7-M: multiply-accumulate, shifted operands, long products, saturation.
#pragma once

#if defined(__thumb2__)

#include "graven/isa/armv7m/depthwise.hpp"
#include "graven/isa/shared/bytewise.hpp"
#include "graven/isa/shared/soft_float.hpp"
#include "graven/isa/shared/thumb/conv.hpp"
#include "graven/isa/shared/thumb/dense.hpp"

namespace graven::core::armv7m_isa {

using thumb_isa::DenseStep;
using thumb_isa::MatmulStep;
using thumb_isa::SpreadStep;

// Chunks of `pixels` pixels side by side, row after row. With bytes u = x + 128 the first word of a
// chunk is 2^16 - 0x00800080 * (U0 + U1).
//   r0 to, r1 from, r2 step, r3 chunks, r4 r5 r9 bytes, r6-r8 a chunk, lr rows;  [sp] offset,
//   chunks, rows left
template <int pixels>
GRAVEN_NAKED void spread(std::byte*, const std::byte* const*, const SpreadStep*) {
  asm volatile(R"(
  .macro chunk n, bytes
    .if %c0 > \n
    eor \bytes, \bytes, #0x80808080 ;  and r7, r10, \bytes ;  and r8, r10, \bytes, lsr #8
    add r6, r7, r8 ;  mls r6, r6, r11, r12 ;  sub r7, r7, r11 ;  sub r8, r8, r11
    stm r0!, {r6-r8}
    .endif
  .endm
    push {r4-r11, lr} ;  mov lr, r1 ;  mov r10, #0x00ff00ff ;  mov r11, #0x00800080
    mov r12, #0x10000 ;  ldm r2, {r2-r5} ;  push {r2, r4, r5} ;  mov r2, r3
  1:
    ldr r1, [lr], #4 ;  ldrd r6, r3, [sp] ;  add r1, r6
  2:
    .if %c0 > 1 ;  ldr r5, [r1, r2] ;  .endif ;  .if %c0 > 2 ;  ldr r9, [r1, r2, lsl #1] ;  .endif
    ldr r4, [r1], #4
    chunk 0, r4 ;  chunk 1, r5 ;  chunk 2, r9
    subs r3, #1 ;  bne 2b
    ldr r3, [sp, #8] ;  subs r3, #1 ;  str r3, [sp, #8] ;  bne 1b
    add sp, #12 ;  pop {r4-r11, pc}
  .purgem chunk
  )" ::"i"(pixels));
}

// All outputs of a stream on a tile of `pixels`. Stream, per output: word, chunks, multiplier, two
// counts of corrections in bytes, corrections.
//   r0 stream, r1 tile, r2 r3 weights, r4-r6 a chunk of inputs, r7-r9 sums, r10 mask, r11 loops,
//   r12 out, lr word;  [sp] tile, loops, pixel_step, twice_zero
template <int pixels, int unroll>
GRAVEN_NAKED void matmul(const std::byte*, const std::byte*, std::byte*, const MatmulStep*) {
  asm volatile(GRAVEN_ARMV7M_FINISH R"(
  .macro pixel n, sum
    .if %c0 > \n
    ldm r1!, {r4-r6} ;  mla r4, r5, r3, r4 ;  mla r4, r6, r2, r4 ;  add \sum, \sum, r4, asr #16
    .endif
  .endm
  .macro correct n, sum
    .if %c0 > \n ;  ldrsh r5, [r4, #12 * \n] ;  mla \sum, r5, r3, \sum ;  .endif
  .endm
  .macro corrected
    ldr r3, [r0], #4 ;  uxth r4, r3 ;  asr r3, r3, #24
    .if %c0 == 3 ;  add r4, r4, r4, lsl #1 ;  .endif
    add r4, r6, r4, lsl #((%c0 & 1) ^ 1)
    correct 0, r7 ;  correct 1, r8 ;  correct 2, r9
  .endm
  .macro put n, sum, to:vararg
    .if %c0 > \n ;  finish \sum, r2, lr, r3, r4, r5 ;  strb r5, \to ;  .endif
  .endm
    push {r4-r11, lr} ;  sub sp, #16
    mov r12, r2 ;  ldm r3, {r2-r4}
    .if %c1 > 1 ;  lsr r4, r4, #%c1 / 2 ;  .endif
    strd r1, r4, [sp] ;  strd r2, r3, [sp, #8]
    mov r10, #0x00ff00ff ;  ldr lr, [r0], #4
  1:
    asr r7, lr, #8 ;  mov r8, r7 ;  mov r9, r7 ;  ldrd r1, r11, [sp]
  2:
    .rept %c1
    ldr r2, [r0], #4 ;  and r3, r2, r10 ;  and r2, r10, r2, lsr #8
    pixel 0, r7 ;  pixel 1, r8 ;  pixel 2, r9
    .endr
    subs r11, #1 ;  bne 2b
    ldrd r2, r3, [r0], #8 ;  cbz r3, 4f
    ldr r6, [sp] ;  uxtb r1, r3 ;  lsr r11, r3, #8 ;  adds r6, #4 ;  cbz r1, 6f
  3:
    corrected ;  subs r1, #1 ;  bne 3b
  6:
    movs r1, r11 ;  beq 4f ;  adds r6, #4 ;  mov r11, #0 ;  b 3b
  4:
    ldrd r11, r3, [sp, #8] ;  lsl r3, r3, lr
    put 2, r9, [r12, r11, lsl #1] ;  put 1, r8, [r12, r11] ;  put 0, r7, [r12], #1
    ldr lr, [r0], #4 ;  cmp lr, #0x80000000 ;  bne.w 1b
    add sp, #16 ;  pop {r4-r11, pc}
  .purgem finish ;  .purgem pixel ;  .purgem correct
  .purgem corrected ;  .purgem put
  )" ::"i"(pixels),
               "i"(unroll));
}

// Adds a tile of one pixel times its weights to every sum.
//   r0 weights, r1 tile, r2 r3 weights, r4-r7 the step, r8 mask, r9 sum, r10-r12 a chunk of inputs
template <int unroll> GRAVEN_NAKED void accumulate(const std::byte*, const DenseStep*) {
  asm volatile(R"(
    push {r4-r11, lr} ;  ldm r1, {r4-r7} ;  mov r8, #0x00ff00ff
  1:
    ldr r9, [r6] ;  mov r1, r4
  2:
    .rept %c0
    ldr r2, [r0], #4 ;  and r3, r2, r8 ;  and r2, r8, r2, lsr #8
    ldm r1!, {r10-r12} ;  mla r10, r11, r3, r10 ;  mla r10, r12, r2, r10
    add r9, r9, r10, asr #16
    .endr
    cmp r1, r5 ;  bne 2b
    str r9, [r6], #4 ;  cmp r6, r7 ;  bne 1b
    pop {r4-r11, pc}
  )" ::"i"(unroll));
}

struct Core : ByteCopies<true> {
  using Products = WideProducts;
  using Mantissas = CountedMantissas;

  static constexpr std::int64_t most_sum = 1 << 30;
  static constexpr int few_outputs = 2;  // that windows of few bytes compute without a tile
  static constexpr int tail_bytes = 8, most_pixels = 3;

  struct Finish {
    Multiplier multiplier;
    int zero;

    Finish(Multiplier m, int z) : multiplier(m), zero(z) {}
    [[gnu::always_inline]] std::int8_t operator()(std::int32_t sum) const {
      const std::int32_t z = requantize(sum, multiplier) + zero;
      return static_cast<std::int8_t>(z < -128 ? -128 : z > 127 ? 127 : z);
    }
  };
  static constexpr bool saturates(Multiplier, int) { return false; }
  static constexpr void put_tail(Writer& to, Multiplier m, int corrections) {
    to.put(m.multiplier);
    to.put(static_cast<std::int32_t>(corrections));
  }

  template <int pixels>
  static void spread(std::byte* to, const std::byte* const* rows, const SpreadStep* step) {
    armv7m_isa::spread<pixels>(to, rows, step);
  }
  template <int pixels, int unroll, bool clamps>
  static void matmul(const std::byte* stream, const std::byte* tile, std::byte* out,
                     const MatmulStep* step) {
    armv7m_isa::matmul<pixels, unroll>(stream, tile, out, step);
  }
  template <int unroll> static void accumulate(const std::byte* weights, const DenseStep* step) {
    armv7m_isa::accumulate<unroll>(weights, step);
  }
  template <int stride, bool clamps> static void depthwise(const DepthwiseStep* step) {
    depthwise3x3<stride>(step);
  }
  template <TapRuns runs, bool clamps> static void depthwise_tile(const DepthwiseTile* tile) {
    armv7m_isa::depthwise_tile<runs>(tile);
  }
};

}  // namespace graven::core::armv7m_isa

#endif
