// Two outputs per halfword: the weights w0, w1 of two output channels are one halfword
// h = 256 * w1 + w0. SMLAD of h with two inputs gives S1 = 256 * sum(w1 * x) + sum(w0 * x), SMLAD
// of SXTB16(h) gives S0 = sum(w0 * x), and (S1 - S0) / 256 is the other sum: two instructions for
// four products, plus SXTB16, which all pixels of a tile share. Exact while the second sum fits 24
// bits and h fits 16.
//
// A tile of n pixels holds, per four inputs k of each pixel's patch, n words of x[k], x[k + 2],
// then n words of x[k + 1], x[k + 3]: what SXTB16 makes of four bytes.
#pragma once

#if defined(__ARM_FEATURE_SIMD32) && defined(__thumb2__)

#include "graven/isa/armv7em/dsp.hpp"

namespace graven::armv7em_isa {

constexpr int round4(int x) { return (x + 3) & ~3; }

// ---- packing: the weights of outputs `o` and `o + 1` ------------------------------------------

struct Taps {
  const std::int8_t* first;
  int step, count;  // taps beyond `count` are zero

  constexpr Taps(const FilterLayout& layout, const Parameters& p, int output)
      : first(p.filter.int8 + layout.index(output, 0)), step(layout.tap_step), count(layout.taps) {}
  constexpr Taps part(int from, int length) const {
    Taps t = *this;
    t.first += from * step;
    t.count = length;
    return t;
  }
  constexpr int operator[](int k) const { return k < count ? first[k * step] : 0; }
};

// Do all halfwords fit, and does the high sum with `bias`, for any input?
constexpr bool fits_pair(const Taps& low, const Taps& high, std::int64_t bias) {
  std::int64_t above = 0, below = 0;
  for (int k = 0; k < high.count; ++k) {
    const int w = high.first[k * high.step];
    (w > 0 ? above : below) += w;
    if (w == -128 && low.first[k * low.step] < 0) return false;
  }
  const std::int64_t reach = 128 * (above - below);
  return bias + reach < 1 << 23 && bias - reach >= -(1 << 23);
}

constexpr std::int32_t pair_word(const Taps& low, const Taps& high, int k) {
  auto half = [&](int tap) {
    return static_cast<std::uint32_t>(256 * high[tap] + low[tap]) & 0xffff;
  };
  return static_cast<std::int32_t>(half(k) | half(k + 2) << 16);
}

// ---- from bytes to tiles ----------------------------------------------------------------------

// `words` words of each pixel; returns the end of what it wrote.
[[gnu::naked, gnu::noipa]] inline std::byte* spread3(std::byte*, const std::byte*, const std::byte*,
                                                     const std::byte*, int) {
  asm volatile(R"(
    push {r4-r11, lr}
    ldr lr, [sp, #36]
  1:
    ldr r4, [r1], #4
    ldr r5, [r2], #4
    ldr r6, [r3], #4
    sxtb16 r7, r4 ;           sxtb16 r8, r5 ;           sxtb16 r9, r6
    sxtb16 r10, r4, ror #8 ;  sxtb16 r11, r5, ror #8 ;  sxtb16 r12, r6, ror #8
    stm r0!, {r7-r12}
    subs lr, #1
    bne 1b
    pop {r4-r11, pc}
  )");
}
[[gnu::naked, gnu::noipa]] inline std::byte* spread2(std::byte*, const std::byte*, const std::byte*,
                                                     int) {
  asm volatile(R"(
    push {r4-r8, lr}
  1:
    ldr r4, [r1], #4
    ldr r5, [r2], #4
    sxtb16 r6, r4 ;          sxtb16 r7, r5
    sxtb16 r8, r4, ror #8 ;  sxtb16 r12, r5, ror #8
    stm r0!, {r6-r8, r12}
    subs r3, #1
    bne 1b
    pop {r4-r8, pc}
  )");
}

// ---- two outputs at a time --------------------------------------------------------------------

// What a row's tiles share. Read by the assembler below.
struct PairLoop {
  std::int32_t pixel_step;    // bytes from an output pixel to the next
  std::int32_t twice_zero;    // 2 * zero_point + 1
  std::int32_t loops;         // of `unroll` times four inputs
  std::int32_t channel_step;  // read where rows are planar; else 1
};

// Assembler macros: a sum becomes a byte; the output pointer goes on to the next channel.
template <bool planar> [[gnu::always_inline]] inline void define_stores() {
  asm volatile(R"(
  .macro saturate r
    .if %c0 ;  usat \r, #8, \r, asr #1 ;  .else ;  ssat \r, #8, \r, asr #1 ;  .endif
  .endm
  .macro next out, step
    .if %c0 ;  ldr \step, [sp, #24] ;  add \out, \step ;  .else ;  add \out, #1 ;  .endif
  .endm
  )" ::"i"(planar ? 1 : 0));
}

// All pairs of a stream on a tile. one_pass: `loops` is 1. Stream, per pair: two channel words; per
// four inputs two words of weights; two multipliers. A word 0x80000000 follows the last pair.
// Planar rows are biased by 128.
//   r0 stream, r1 tile, lr loops; r4-r6 S1, r7-r9 S0 of the pixels
//   [sp] tile, out, pixel_step, twice_zero, the first channel's word, loops, channel_step
template <int unroll, bool planar, bool one_pass>
[[gnu::naked, gnu::noipa]] void pairs3(const std::byte*, const std::byte*, std::byte*,
                                       const PairLoop*) {
  define_stores<planar>();
  asm volatile(R"(
    push {r4-r11, lr} ;  sub sp, #28
    strd r1, r2, [sp] ;  ldrd r4, r5, [r3] ;  ldrd r6, r7, [r3, #8]
    strd r4, r5, [sp, #8] ;  strd r6, r7, [sp, #20]
    ldrd lr, r10, [r0], #8
  1:
    asr r7, lr, #8 ;  add r4, r10, r7
    mov r5, r4 ;  mov r6, r4 ;  mov r8, r7 ;  mov r9, r7
    .if %c2 == 0 ;  str lr, [sp, #16] ;  ldr lr, [sp, #20] ;  .endif
  2:
    .rept %c0
    ldrd r10, r11, [r0], #8 ;  ldm r1!, {r2, r3, r12}
    smlad r4, r10, r2, r4 ;  smlad r5, r10, r3, r5 ;  smlad r6, r10, r12, r6 ;  sxtb16 r10, r10
    smlad r7, r10, r2, r7 ;  smlad r8, r10, r3, r8 ;  smlad r9, r10, r12, r9
    ldm r1!, {r2, r3, r12}
    smlad r4, r11, r2, r4 ;  smlad r5, r11, r3, r5 ;  smlad r6, r11, r12, r6 ;  sxtb16 r11, r11
    smlad r7, r11, r2, r7 ;  smlad r8, r11, r3, r8 ;  smlad r9, r11, r12, r9
    .endr
    .if %c2 ;  ldr r2, [sp, #12] ;  .else ;  subs lr, #1 ;  bne.w 2b ;  ldrd r2, lr, [sp, #12]
    .endif
    ldrd r10, r11, [r0], #8
    sub r4, r4, r7 ;  sub r5, r5, r8 ;  sub r6, r6, r9 ;  lsl r3, r2, lr ;  lsl r12, r2, r4
    add r2, r3, r7, asr #31 ;  lsl r7, r7, #1 ;  smmlar r7, r7, r10, r2 ;  asr r7, r7, lr
    add r2, r3, r8, asr #31 ;  lsl r8, r8, #1 ;  smmlar r8, r8, r10, r2 ;  asr r8, r8, lr
    add r2, r3, r9, asr #31 ;  lsl r9, r9, #1 ;  smmlar r9, r9, r10, r2 ;  asr r9, r9, lr
    ldrd r2, r3, [sp, #4]
    saturate r7 ;  saturate r8 ;  saturate r9
    strb r7, [r2] ;  strb r8, [r2, r3] ;  strb r9, [r2, r3, lsl #1] ;  next r2, r7
    asr r7, r4, #7 ;  add r8, r12, r4, asr #31 ;  smmlar r8, r7, r11, r8 ;  asr r8, r8, r4
    asr r7, r5, #7 ;  add r9, r12, r5, asr #31 ;  smmlar r9, r7, r11, r9 ;  asr r9, r9, r5
    asr r7, r6, #7 ;  add r10, r12, r6, asr #31 ;  smmlar r10, r7, r11, r10 ;  asr r10, r10, r6
    saturate r8 ;  saturate r9 ;  saturate r10
    strb r8, [r2] ;  strb r9, [r2, r3] ;  strb r10, [r2, r3, lsl #1] ;  next r2, r7
    ldr r1, [sp] ;  str r2, [sp, #4] ;  ldrd lr, r10, [r0], #8
    cmp lr, #0x80000000 ;  bne.w 1b ;  add sp, #28 ;  pop {r4-r11, pc}
  .purgem saturate ;  .purgem next
  )" ::"i"(unroll),
               "i"(planar ? 1 : 0), "i"(one_pass ? 1 : 0));
}
// The same for two pixels: r12 out, r4 r5 S1, r7 r8 S0.
template <int unroll, bool planar, bool one_pass>
[[gnu::naked, gnu::noipa]] void pairs2(const std::byte*, const std::byte*, std::byte*,
                                       const PairLoop*) {
  define_stores<planar>();
  asm volatile(R"(
    push {r4-r11, lr} ;  sub sp, #28
    str r1, [sp] ;  mov r12, r2 ;  ldrd r4, r5, [r3] ;  ldrd r6, r7, [r3, #8]
    strd r4, r5, [sp, #8] ;  strd r6, r7, [sp, #20]
    ldrd lr, r10, [r0], #8
  1:
    asr r7, lr, #8 ;  add r4, r10, r7 ;  mov r5, r4 ;  mov r8, r7
    .if %c2 == 0 ;  str lr, [sp, #16] ;  ldr lr, [sp, #20] ;  .endif
  2:
    .rept %c0
    ldrd r10, r11, [r0], #8 ;  ldm r1!, {r2, r3, r6, r9}
    smlad r4, r10, r2, r4 ;  smlad r5, r10, r3, r5 ;  sxtb16 r10, r10
    smlad r7, r10, r2, r7 ;  smlad r8, r10, r3, r8
    smlad r4, r11, r6, r4 ;  smlad r5, r11, r9, r5 ;  sxtb16 r11, r11
    smlad r7, r11, r6, r7 ;  smlad r8, r11, r9, r8
    .endr
    .if %c2 ;  ldr r2, [sp, #12] ;  .else ;  subs lr, #1 ;  bne.w 2b ;  ldrd r2, lr, [sp, #12]
    .endif
    ldrd r10, r11, [r0], #8
    sub r4, r4, r7 ;  sub r5, r5, r8 ;  lsl r3, r2, lr ;  lsl r6, r2, r4
    add r2, r3, r7, asr #31 ;  lsl r7, r7, #1 ;  smmlar r7, r7, r10, r2 ;  asr r7, r7, lr
    add r2, r3, r8, asr #31 ;  lsl r8, r8, #1 ;  smmlar r8, r8, r10, r2 ;  asr r8, r8, lr
    ldr r3, [sp, #8]
    saturate r7 ;  saturate r8
    strb r7, [r12] ;  strb r8, [r12, r3] ;  next r12, r7
    asr r7, r4, #7 ;  add r8, r6, r4, asr #31 ;  smmlar r8, r7, r11, r8 ;  asr r8, r8, r4
    asr r7, r5, #7 ;  add r9, r6, r5, asr #31 ;  smmlar r9, r7, r11, r9 ;  asr r9, r9, r5
    saturate r8 ;  saturate r9
    strb r8, [r12] ;  strb r9, [r12, r3] ;  next r12, r7
    ldr r1, [sp] ;  ldrd lr, r10, [r0], #8
    cmp lr, #0x80000000 ;  bne.w 1b ;  add sp, #28 ;  pop {r4-r11, pc}
  .purgem saturate ;  .purgem next
  )" ::"i"(unroll),
               "i"(planar ? 1 : 0), "i"(one_pass ? 1 : 0));
}

// One output of pixel `pixel` of a tile of `pixels`: weights as bytes.
inline std::int32_t single(const std::byte* weights, const std::byte* tile, int pixels, int quads,
                           std::int32_t acc) {
  for (; quads > 0; --quads, weights += 4, tile += 8 * pixels) {
    const auto w = load_aligned<std::uint32_t>(weights);
    acc = smlad(even_bytes(w), load_aligned<std::uint32_t>(tile), acc);
    acc = smlad(odd_bytes(w), load_aligned<std::uint32_t>(tile + 4 * pixels), acc);
  }
  return acc;
}

}  // namespace graven::armv7em_isa

#endif
