// Scores of attention: products of one query with the keys of four moments, or of two queries with
// those of two, in one loop that keeps the largest of each query.
#pragma once

#if defined(__ARM_FEATURE_SIMD32) && defined(__thumb2__)

#include "graven/isa/armv7em/dense/rows.hpp"

namespace graven::core::armv7em_isa {

// Of one query or two: what their scores are made of, and their largest.
struct Scores {
  struct Largest {
    std::int32_t of[2];
    void take(int query, std::int32_t score) {
      if (score > of[query]) of[query] = score;
    }
  };
  const std::byte *queries, *key;  // as row_sum wants them
  int quads, stride;               // of a moment; from its key to the next
  Largest largest;

  // A block's, moment by moment, those of both queries side by side; then what is next.
  template <int n> void put(std::byte*& to) {
    constexpr int rows = 4 / n;
    std::int32_t s[4]{};
    block_sums<n>(queries, key, stride, quads, s[0], s[1], s[2], s[3]);
    for (int k = 0; k < 4; ++k, to += 4) {
      store_aligned(to, s[k]);
      largest.take(k % n, s[k]);
    }
    key += rows * stride;
  }
  template <int n> void put(std::byte*& to, const std::byte* end) {
#if defined(__OPTIMIZE__) && !defined(__clang__)
    if (to != end) put_fast<n>(to, end);
#else  // no register is left over; clang 14 breaks down over what lies on the stack then
    while (to != end) put<n>(to);
#endif
  }
  // One moment's.
  template <int n> void put_one(std::byte*& to) {
    for (int q = 0; q < n; ++q, to += 4) {
      const std::int32_t score = row_sum<n>(queries + 8 * q, key, quads);
      store_aligned(to, score);
      largest.take(q, score);
    }
    key += stride;
  }

private:
#if defined(__OPTIMIZE__) && !defined(__clang__)
  template <int n> void put_fast(std::byte*& to, const std::byte* end);
#endif
};

#if defined(__OPTIMIZE__) && !defined(__clang__)

// For the assembler of both: how a quad's first product joins its sum, the first quad's or
// another's.
#define GRAVEN_ARMV7EM_FIRST_PRODUCTS                                                              \
  ".macro begin acc a b\n"                                                                         \
  "smuad \\acc, \\a, \\b\n"                                                                        \
  ".endm\n"                                                                                        \
  ".macro proceed acc a b\n"                                                                       \
  "smlad \\acc, \\a, \\b, \\acc\n"                                                                 \
  ".endm\n"

// Of so many quads, the first of which is done, the place in a loop of four (2: to 5:) behind which
// the last one ends it; 6: if there are no others. r9 is scratch.
#define GRAVEN_ARMV7EM_ENTRY(to, count)                                                            \
  "subs r9, " count ", #1 ;  adr.w " to ", 6f ;  beq 1f\n"                                         \
  "ands r9, #3 ;  adr.w " to ", 2f ;  beq 1f\n"                                                    \
  "cmp r9, #2 ;  adr.w " to ", 4f ;  beq 1f\n"                                                     \
  "ite lo ;  adrlo.w " to ", 5f ;  adrhs.w " to ", 3f\n"                                           \
  "1: orr " to ", #1\n"
#define GRAVEN_ARMV7EM_FOUR_QUADS                                                                  \
  "ldr pc, [sp, #4]\n"                                                                             \
  "2: quad\n"                                                                                      \
  "3: quad\n"                                                                                      \
  "4: quad\n"                                                                                      \
  "5: quad\n"                                                                                      \
  "cmp r1, r2 ;  bne.w 2b\n"                                                                       \
  "6:\n"
// The largest of r5, r7 and what was the largest, and of r6, r8 and what was; to 7: if neither is
// new, as it mostly is.
#define GRAVEN_ARMV7EM_KEEP_LARGEST(odd, even)                                                     \
  "cmp r5, " odd " ;  ittt le\n"                                                                   \
  "cmple r7, " odd " ;  cmple r6, " even " ;  cmple r8, " even "\n"                                \
  "ble 7f\n"                                                                                       \
  "cmp r5, " odd " ;   it gt ;  movgt " odd ", r5\n"                                               \
  "cmp r7, " odd " ;   it gt ;  movgt " odd ", r7\n"                                               \
  "cmp r6, " even " ;  it gt ;  movgt " even ", r6\n"                                              \
  "cmp r8, " even " ;  it gt ;  movgt " even ", r8\n"

// Both loops take all fourteen registers: those of a function that an option gives a frame pointer
// would not do, so that they are functions of their own, without a frame.
struct ScoreJob {
  const std::byte* vectors;
  int count;
  std::byte* at;
  int next;
  const std::byte* end;
  std::int32_t most[2];
  const std::byte* row;
  int stride;
};
// The loop is the one of block_sums (rows.hpp); its first quad begins the sums, and the next one is
// that of the four in the loop behind which the last one ends it.
//   r0 r9-r11 scratch, r1 query, r2 its end, r3 keys, r4 stride, r12 three of it, r5-r8 sums, lr to
GRAVEN_NAKED inline void score_rows(ScoreJob*) {
  asm volatile(GRAVEN_ARMV7EM_FIRST_PRODUCTS R"(
  .macro four_by first acc
    sxtb16 r0, r11 ;          sxtb16 r11, r11, ror #8
    \first \acc, r0, r9 ;     smlad \acc, r11, r10, \acc
  .endm
  .macro quad first=proceed
    ldrd r9, r10, [r1], #8
    ldr r11, [r3, r12] ;         four_by \first, r8
    ldr r11, [r3, r4, lsl #1] ;  four_by \first, r7
    ldr r11, [r3, r4] ;          four_by \first, r6
    ldr r11, [r3], #4 ;          four_by \first, r5
  .endm
    push {r0, r4-r11, lr}
    ldrd r3, r4, [r0, #28]
    ldm r0, {r1, r2, r5-r8}
    mov lr, r5
  )" GRAVEN_ARMV7EM_ENTRY("r5", "r2") R"(
    add r2, r1, r2, lsl #3
    add r12, r4, r4, lsl #1
    push {r1, r5-r8}
  1:
    ldr r1, [sp]
    quad begin
  )" GRAVEN_ARMV7EM_FOUR_QUADS R"(
    ldr r9, [sp, #16]
    stm lr!, {r5-r8}
  )" GRAVEN_ARMV7EM_KEEP_LARGEST("r9", "r9") R"(
    str r9, [sp, #16]
  7:
    ldrd r10, r11, [sp, #8] ;  add r3, r10
    cmp lr, r11 ;  bne.w 1b
    ldr r5, [sp, #16]
    add sp, #20
    ldr r0, [sp]
    str lr, [r0, #8] ;  str r5, [r0, #20] ;  str r3, [r0, #28]
    pop {r0, r4-r11, pc}
  .purgem quad
  .purgem four_by
  .purgem proceed
  .purgem begin
  )");
}
template <> inline void Scores::put_fast<1>(std::byte*& to, const std::byte* end) {
  ScoreJob job{queries, quads, to, 4 * stride - 4 * quads, end, {largest.of[0], 0}, key, stride};
  score_rows(&job);
  to = job.at, key = job.row, largest.of[0] = job.most[0];
}
//   r0 r9-r12 lr scratch, r1 both queries, r2 their end, r3 keys, r4 stride, r5-r8 sums
GRAVEN_NAKED inline void score_pairs(ScoreJob*) {
  asm volatile(GRAVEN_ARMV7EM_FIRST_PRODUCTS R"(
  .macro both first upper lower
    ldrd r9, r10, [r1], #8
    \first \upper, r12, r9 ;  smlad \upper, r11, r10, \upper
    \first \lower, r0, r9 ;   smlad \lower, lr, r10, \lower
  .endm
  .macro quad first=proceed
    ldr lr, [r3, r4] ;  ldr r11, [r3], #4
    sxtb16 r12, r11 ;   sxtb16 r11, r11, ror #8
    sxtb16 r0, lr ;     sxtb16 lr, lr, ror #8
    both \first, r5, r7
    both \first, r6, r8
  .endm
    push {r0, r4-r11, lr}
    ldrd r3, r4, [r0, #28]
    ldm r0, {r1, r2, r5-r8, r10}
  )" GRAVEN_ARMV7EM_ENTRY("r11", "r2") R"(
    add r2, r1, r2, lsl #4
    push {r5-r8, r10}
    push {r1, r11}
  1:
    ldr r1, [sp]
    quad begin
  )" GRAVEN_ARMV7EM_FOUR_QUADS R"(
    ldr r1, [sp, #8] ;  ldrd r9, r10, [sp, #20]
    stm r1!, {r5-r8}
    str r1, [sp, #8]
  )" GRAVEN_ARMV7EM_KEEP_LARGEST("r9", "r10") R"(
    strd r9, r10, [sp, #20]
  7:
    ldrd r9, r5, [sp, #12] ;  add r3, r9
    cmp r1, r5 ;  bne.w 1b
    ldrd r5, r6, [sp, #20]
    add sp, #28
    ldr r0, [sp]
    str r1, [r0, #8] ;  strd r5, r6, [r0, #20] ;  str r3, [r0, #28]
    pop {r0, r4-r11, pc}
  .purgem quad
  .purgem both
  .purgem proceed
  .purgem begin
  )");
}
template <> inline void Scores::put_fast<2>(std::byte*& to, const std::byte* end) {
  ScoreJob job{queries, quads, to, 2 * stride - 4 * quads, end, {largest.of[0], largest.of[1]},
               key,     stride};
  score_pairs(&job);
  to = job.at, key = job.row, largest = {{job.most[0], job.most[1]}};
}

#endif

}  // namespace graven::core::armv7em_isa

#endif
