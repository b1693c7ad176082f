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

namespace graven::core::armv7em_isa {

constexpr int round4(int x) { return (x + 3) & ~3; }

// ---- packing: the weights of outputs `o` and `o + 1` ------------------------------------------

struct Taps {
  const std::int8_t* first;
  int step, count;           // taps beyond `count` are zero
  Address<Channel> channel;  // null for a part of its weights

  constexpr Taps(const FilterLayout& layout, const Parameters& p, int output)
      : first(p.filter.int8 + layout.index(output, 0)), step(layout.tap_step), count(layout.taps),
        channel(p.folded != nullptr ? Address(p.folded + output) : nullptr) {}
  constexpr Taps part(int from, int length) const {
    Taps t = *this;
    t.channel = nullptr;
    t.first += from * step;
    t.count = length;
    return t;
  }
  constexpr int operator[](int k) const { return k < count ? first[k * step] : 0; }
};

// 128 times the magnitudes of the weights.
constexpr std::int64_t reach_of(const Taps& taps) {
  if (taps.channel != nullptr) return 128 * taps.channel->magnitude();
  std::int64_t reach = 0;
  for (int k = 0; k < taps.count; ++k) reach += 128 * (taps[k] < 0 ? -taps[k] : taps[k]);
  return reach;
}

// Do all halfwords fit, and does the high sum with `bias`, for any input?
constexpr bool fits_pair(const Taps& low, const Taps& high, std::int64_t bias) {
  const bool known = high.channel != nullptr && !high.channel->has_lowest();
  std::int64_t reach = known ? 128 * high.channel->magnitude() : 0;
  for (int k = 0; k < high.count && !known; ++k) {
    const int w = high.first[k * high.step];
    reach += 128 * (w < 0 ? -w : w);
    if (w == -128 && low.first[k * low.step] < 0) return false;
  }
  return bias + reach < 1 << 23 && bias - reach >= -(1 << 23);
}

// The same of all outputs, two by two; and does each have the fast requantization?
constexpr bool fits_pairs(const GraphView& g, const Value& v, const Parameters& p) {
  if (!whole_range(v)) return false;
  const FilterLayout layout = v.weights;
  for (int o = 0; o + 1 < v.shape.channels; o += 2) {
    const Channel low = fold(g, v, p, o), high = fold(g, v, p, o + 1);
    if (!FastChannel::serves(low) || !FastChannel::serves(high) ||
        !fits_pair(Taps(layout, p, o), Taps(layout, p, o + 1), high.bias))
      return false;
  }
  return true;
}

constexpr std::int32_t pair_word(const Taps& low, const Taps& high, int k) {
  auto half = [&](int tap) {
    return static_cast<std::uint32_t>(256 * high[tap] + low[tap]) & 0xffff;
  };
  return static_cast<std::int32_t>(half(k) | half(k + 2) << 16);
}
// Puts, of each four of `count` taps, the word of the first and the third and, `apart` bytes behind
// it, that of the second and the fourth; byte by byte and in one function, because g++ keeps every
// number above 250 that a constant passes through, and what calls return.
constexpr void put_pair_words(std::byte* to, const std::int8_t* low, const std::int8_t* high,
                              int count, int apart) {
  for (int k = 0; k < count; k += 4, low += 4, high += 4) {
    std::byte *const first = to + k / 2 * apart, *const second = first + apart;
    first[0] = static_cast<std::byte>(low[0]);
    first[1] = static_cast<std::byte>(low[0] < 0 ? high[0] - 1 : high[0]);
    first[2] = static_cast<std::byte>(low[2]);
    first[3] = static_cast<std::byte>(low[2] < 0 ? high[2] - 1 : high[2]);
    second[0] = static_cast<std::byte>(low[1]);
    second[1] = static_cast<std::byte>(low[1] < 0 ? high[1] - 1 : high[1]);
    second[2] = static_cast<std::byte>(low[3]);
    second[3] = static_cast<std::byte>(low[3] < 0 ? high[3] - 1 : high[3]);
  }
}
// Of `pairs` pairs of outputs, one beside the other, for each k of 0, 4, 8 ... below `count`: the
// words of taps k, k + 2, then those of k + 1, k + 3.
template <int pairs>
constexpr void put_pairs(Writer& to, const Taps (&taps)[std::size_t{2 * pairs}], int count) {
  int whole = count, k = 0;  // the quads that need no zeros, if taps lie one behind the other
  for (const Taps& t : taps) whole = t.step != 1 ? 0 : t.count < whole ? t.count : whole;
  whole -= whole % 4;
  if (std::byte* const room = to.room(2 * pairs * whole); room != nullptr) {
    k = whole;
    for (int i = 0; i < pairs; ++i)
      put_pair_words(room + 4 * i, taps[2 * i].first, taps[2 * i + 1].first, k, 4 * pairs);
  }
  for (; k < count; k += 4) {
    if (to.skips(8 * pairs)) continue;
    for (int half = k; half < k + 2; ++half)
      for (int i = 0; i < pairs; ++i) to.put(pair_word(taps[2 * i], taps[2 * i + 1], half));
  }
}

// ---- from bytes to tiles ----------------------------------------------------------------------

// `words` words of each pixel; returns the end of what it wrote.
GRAVEN_NAKED inline std::byte* spread3(std::byte*, const std::byte*, const std::byte*,
                                       const std::byte*, int) {
  asm volatile(R"(
  .macro word
    ldr r4, [r1], #4 ;  ldr r5, [r2], #4 ;  ldr r6, [r3], #4
    sxtb16 r7, r4 ;           sxtb16 r8, r5 ;           sxtb16 r9, r6
    sxtb16 r10, r4, ror #8 ;  sxtb16 r11, r5, ror #8 ;  sxtb16 r12, r6, ror #8
    stm r0!, {r7-r12}
  .endm
    push {r4-r11, lr} ;  ldr lr, [sp, #36]
    lsrs lr, lr, #1 ;  bcc 1f ;  word ;  beq 2f
  1:
    word ;  word ;  subs lr, #1 ;  bne 1b
  2:
    pop {r4-r11, pc}
  .purgem word
  )");
}
GRAVEN_NAKED inline std::byte* spread2(std::byte*, const std::byte*, const std::byte*, int) {
  asm volatile(R"(
  .macro word
    ldr r4, [r1], #4 ;  ldr r5, [r2], #4
    sxtb16 r6, r4 ;          sxtb16 r7, r5
    sxtb16 r8, r4, ror #8 ;  sxtb16 r12, r5, ror #8
    stm r0!, {r6-r8, r12}
  .endm
    push {r4-r8, lr}
    lsrs r3, r3, #1 ;  bcc 1f ;  word ;  beq 2f
  1:
    word ;  word ;  subs r3, #1 ;  bne 1b
  2:
    pop {r4-r8, pc}
  .purgem word
  )");
}

// ---- two outputs at a time --------------------------------------------------------------------

// Where a sum's byte goes. `floor`: the zero point is the lowest value, so that every negative sum
// ends there, however it is rounded. Planar rows are `floor` as well, and biased by 128.
enum class Store { any, floor, planar };

// What a row's tiles share. Read by the assembler below.
struct PairLoop {
  std::int32_t step;        // bytes to the next output pixel; planar: to the next channel
  std::int32_t twice_zero;  // 2 * zero_point + 1
  std::int32_t loops;       // of `unroll` times four inputs
};

// Assembler macros: from a sum, or from a sum of high halves, to a byte (`c`: twice_zero, shifted);
// out with the bytes of a channel, on to the next one.
#define GRAVEN_ARMV7EM_STORES                                                                      \
  ".macro saturate r\n"                                                                            \
  ".if %c[store] == 2 ;  usat \\r, #8, \\r, asr #1 ;  .else ;  ssat \\r, #8, \\r, asr #1 ;  "      \
  ".endif\n"                                                                                       \
  ".endm\n"                                                                                        \
  ".macro low acc, m, c, shift, t\n"                                                               \
  ".if %c[store] == 0 ;  add \\t, \\c, \\acc, asr #31 ;  lsl \\acc, #1 ;  smmlar \\acc, \\acc, "   \
  "\\m, \\t\n"                                                                                     \
  ".else ;  lsl \\acc, #1 ;  smmlar \\acc, \\acc, \\m, \\c ;  .endif\n"                            \
  "asr \\acc, \\shift ;  saturate \\acc\n"                                                         \
  ".endm\n"                                                                                        \
  ".macro high y, acc, m, c, shift, t\n"                                                           \
  ".if %c[store] == 0 ;  asr \\t, \\acc, #7 ;  add \\y, \\c, \\acc, asr #31 ;  smmlar \\y, \\t, "  \
  "\\m, \\y\n"                                                                                     \
  ".else ;  asr \\y, \\acc, #7 ;  smmlar \\y, \\y, \\m, \\c ;  .endif\n"                           \
  "asr \\y, \\shift ;  saturate \\y\n"                                                             \
  ".endm\n"                                                                                        \
  ".macro put to, step, x, y, z\n"                                                                 \
  ".if %c[store] == 2 ;  strb \\y, [\\to, #1] ;  .ifnb \\z ;  strb \\z, [\\to, #2] ;  .endif\n"    \
  "strb \\x, [\\to] ;  add \\to, \\step\n"                                                         \
  ".else ;  strb \\y, [\\to, \\step] ;  .ifnb \\z ;  strb \\z, [\\to, \\step, lsl #1] ;  .endif\n" \
  "strb \\x, [\\to], #1 ;  .endif\n"                                                               \
  ".endm\n"

// All pairs of a stream on a tile. one_pass: `loops` is 1. Stream, per pair: the channel word of
// the first output, and that of the second plus the first's bias; per four inputs two words of
// weights; two multipliers. A word 0x80 follows the last pair: `asrs` puts bit 7 in the carry.
//   r0 stream, r1 tile, lr loops; r4-r6 S1, r7-r9 S0 of the pixels
//   [sp] tile, out, step, twice_zero, the first channel's word, loops
template <int unroll, Store store, bool one_pass>
GRAVEN_NAKED void pairs3(const std::byte*, const std::byte*, std::byte*, const PairLoop*) {
  asm volatile(GRAVEN_ARMV7EM_STORES R"(
  .macro half w
    smlad r4, \w, r2, r4 ;  smlad r5, \w, r3, r5 ;  smlad r6, \w, r12, r6 ;  sxtb16 \w, \w
    smlad r7, \w, r2, r7 ;  smlad r8, \w, r3, r8 ;  smlad r9, \w, r12, r9
  .endm
    push {r4-r11, lr} ;  sub sp, #28
    strd r1, r2, [sp] ;  ldrd r4, r5, [r3] ;  strd r4, r5, [sp, #8]
    .if %c[one_pass] == 0 ;  ldr r6, [r3, #8] ;  str r6, [sp, #20] ;  .endif
    ldrd lr, r4, [r0], #8 ;  asr r7, lr, #8
  1:
    .if %c[one_pass]
    ldrd r10, r11, [r0], #8 ;  ldm r1!, {r2, r3, r12}
    smlad r5, r10, r3, r4 ;  smlad r6, r10, r12, r4 ;  smlad r4, r10, r2, r4 ;  sxtb16 r10, r10
    smlad r8, r10, r3, r7 ;  smlad r9, r10, r12, r7 ;  smlad r7, r10, r2, r7
    ldm r1!, {r2, r3, r12} ;  half r11
    .else
    mov r5, r4 ;  mov r6, r4 ;  mov r8, r7 ;  mov r9, r7
    str lr, [sp, #16] ;  ldr lr, [sp, #20]
    .endif
  2:
    .rept %c[unroll] - %c[one_pass]
    ldrd r10, r11, [r0], #8 ;  ldm r1!, {r2, r3, r12} ;  half r10
    ldm r1!, {r2, r3, r12} ;  half r11
    .endr
    .if %c[one_pass] ;  ldr r2, [sp, #12]
    .else ;  subs lr, #1 ;  bne.w 2b ;  ldrd r2, lr, [sp, #12]
    .endif
    ldrd r10, r11, [r0], #8
    sub r4, r4, r7 ;  sub r5, r5, r8 ;  sub r6, r6, r9 ;  lsl r3, r2, lr ;  lsl r12, r2, r4
    low r7, r10, r3, lr, r2 ;  low r8, r10, r3, lr, r2 ;  low r9, r10, r3, lr, r2
    ldrd r2, r3, [sp, #4]
    put r2, r3, r7, r8, r9
    high r8, r5, r11, r12, r5, r7 ;  high r9, r6, r11, r12, r6, r7 ;  high r10, r4, r11, r12, r4, r7
    put r2, r3, r10, r8, r9
    ldr r1, [sp] ;  str r2, [sp, #4] ;  ldrd lr, r4, [r0], #8
    asrs r7, lr, #8 ;  bcc.w 1b ;  add sp, #28 ;  pop {r4-r11, pc}
  .purgem half ;  .purgem saturate ;  .purgem low ;  .purgem high
  .purgem put
  )" ::[unroll] "i"(unroll),
               [one_pass] "i"(one_pass ? 1 : 0), [store] "i"(static_cast<int>(store)));
}
// The same for two pixels: r12 out, r4 r5 S1, r7 r8 S0.
template <int unroll, Store store, bool one_pass>
GRAVEN_NAKED void pairs2(const std::byte*, const std::byte*, std::byte*, const PairLoop*) {
  asm volatile(GRAVEN_ARMV7EM_STORES R"(
  .macro half w, x, y
    smlad r4, \w, \x, r4 ;  smlad r5, \w, \y, r5 ;  sxtb16 \w, \w
    smlad r7, \w, \x, r7 ;  smlad r8, \w, \y, r8
  .endm
    push {r4-r11, lr} ;  sub sp, #28
    str r1, [sp] ;  mov r12, r2 ;  ldrd r4, r5, [r3] ;  strd r4, r5, [sp, #8]
    .if %c[one_pass] == 0 ;  ldr r6, [r3, #8] ;  str r6, [sp, #20] ;  .endif
    ldrd lr, r4, [r0], #8 ;  asr r7, lr, #8
  1:
    .if %c[one_pass]
    ldrd r10, r11, [r0], #8 ;  ldm r1!, {r2, r3, r6, r9}
    smlad r5, r10, r3, r4 ;  smlad r4, r10, r2, r4 ;  sxtb16 r10, r10
    smlad r8, r10, r3, r7 ;  smlad r7, r10, r2, r7 ;  half r11, r6, r9
    .else
    mov r5, r4 ;  mov r8, r7 ;  str lr, [sp, #16] ;  ldr lr, [sp, #20]
    .endif
  2:
    .rept %c[unroll] - %c[one_pass]
    ldrd r10, r11, [r0], #8 ;  ldm r1!, {r2, r3, r6, r9} ;  half r10, r2, r3 ;  half r11, r6, r9
    .endr
    .if %c[one_pass] ;  ldr r2, [sp, #12]
    .else ;  subs lr, #1 ;  bne.w 2b ;  ldrd r2, lr, [sp, #12]
    .endif
    ldrd r10, r11, [r0], #8
    sub r4, r4, r7 ;  sub r5, r5, r8 ;  lsl r3, r2, lr ;  lsl r6, r2, r4
    low r7, r10, r3, lr, r2 ;  low r8, r10, r3, lr, r2
    ldr r3, [sp, #8]
    put r12, r3, r7, r8
    high r8, r5, r11, r6, r5, r7 ;  high r9, r4, r11, r6, r4, r7
    put r12, r3, r9, r8
    ldr r1, [sp] ;  ldrd lr, r4, [r0], #8
    asrs r7, lr, #8 ;  bcc.w 1b ;  add sp, #28 ;  pop {r4-r11, pc}
  .purgem half ;  .purgem saturate ;  .purgem low ;  .purgem high
  .purgem put
  )" ::[unroll] "i"(unroll),
               [one_pass] "i"(one_pass ? 1 : 0), [store] "i"(static_cast<int>(store)));
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

}  // namespace graven::core::armv7em_isa

#endif
