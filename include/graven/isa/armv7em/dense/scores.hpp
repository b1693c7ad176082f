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

// The loop is the one of block_sums (rows.hpp); its first quad begins the sums. Numbers of the loop
// around it lie on the stack: no register is left over.
template <> inline void Scores::put_fast<1>(std::byte*& to, const std::byte* end) {
  std::byte* at = to;
  Largest most = largest;
  const std::byte *const vectors = queries, *row = key;
  const int count = quads, next = 4 * stride - 4 * quads;
  std::uint32_t even, odd, four, half;
  std::int32_t v, n, w, x, y, z;
  asm volatile(GRAVEN_ARMV7EM_FIRST_PRODUCTS R"(
  .macro four_by first acc
    sxtb16 %[half], %[four] ;  sxtb16 %[four], %[four], ror #8
    \first \acc, %[half], %[even] ;  smlad \acc, %[four], %[odd], \acc
  .endm
  .macro quad first=proceed
    ldrd %[even], %[odd], [%[v]], #8
    ldr %[four], [%[row], %[thrice]] ;          four_by \first, %[z]
    ldr %[four], [%[row], %[stride], lsl #1] ;  four_by \first, %[y]
    ldr %[four], [%[row], %[stride]] ;          four_by \first, %[x]
    ldr %[four], [%[row]], #4 ;                 four_by \first, %[w]
  .endm
  1:
    ldr %[v], %[vectors] ;  ldr %[n], %[count]
    quad begin
    subs %[n], #5 ;  blt 3f
  2:
    quad ;  quad ;  quad ;  quad
    subs %[n], #4 ;  bge.w 2b
  3:
    adds %[n], #4 ;  beq 5f
  4:
    quad
    subs %[n], #1 ;  bne 4b
  5:
    ldr %[v], %[at] ;  ldr %[n], %[most]
    strd %[w], %[x], [%[v]], #8 ;  strd %[y], %[z], [%[v]], #8
    str %[v], %[at]
    cmp %[w], %[n] ;  ittt le ;  cmple %[x], %[n] ;  cmple %[y], %[n] ;  cmple %[z], %[n]
    ble 6f
    cmp %[w], %[n] ;  it gt ;  movgt %[n], %[w]
    cmp %[x], %[n] ;  it gt ;  movgt %[n], %[x]
    cmp %[y], %[n] ;  it gt ;  movgt %[n], %[y]
    cmp %[z], %[n] ;  it gt ;  movgt %[n], %[z]
    str %[n], %[most]
  6:
    ldr %[n], %[next] ;  add %[row], %[n]
    ldr %[n], %[end] ;  cmp %[v], %[n] ;  bne.w 1b
  .purgem quad
  .purgem four_by
  .purgem proceed
  .purgem begin
  )"
               : [v] "=&r"(v), [n] "=&r"(n), [row] "+r"(row), [w] "=&r"(w), [x] "=&r"(x),
                 [y] "=&r"(y), [z] "=&r"(z), [even] "=&r"(even), [odd] "=&r"(odd),
                 [four] "=&r"(four), [half] "=&r"(half), [at] "+m"(at), [most] "+m"(most.of[0])
               : [stride] "r"(stride), [thrice] "r"(3 * stride), [vectors] "m"(vectors),
                 [count] "m"(count), [next] "m"(next), [end] "m"(end)
               : "cc", "memory");
  to = at, key = row, largest = most;
}
// As put_fast<1>, all fourteen registers: those of a function that an option gives a frame pointer
// would not do, so that this one has no frame.
struct PairJob {
  const std::byte* vectors;
  int count;
  std::byte* at;
  int next;
  const std::byte* end;
  std::int32_t most[2];
  const std::byte* row;
  int stride;
};
//   r0 r9-r12 lr scratch, r1 both queries, r2 quads, r3 keys, r4 stride, r5-r8 sums
GRAVEN_NAKED inline void score_pairs(PairJob*) {
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
    ldm r0, {r1, r2, r5-r9}
    push {r1, r2, r5-r9}
  1:
    ldrd r1, r2, [sp]
    quad begin
    subs r2, #5 ;  blt 3f
  2:
    quad ;  quad ;  quad ;  quad
    subs r2, #4 ;  bge.w 2b
  3:
    adds r2, #4 ;  beq 5f
  4:
    quad
    subs r2, #1 ;  bne 4b
  5:
    ldr r1, [sp, #8] ;  ldrd r9, r10, [sp, #20]
    stm r1!, {r5-r8}
    str r1, [sp, #8]
    cmp r5, r9 ;  ittt le ;  cmple r7, r9 ;  cmple r6, r10 ;  cmple r8, r10
    ble 6f
    cmp r5, r9 ;   it gt ;  movgt r9, r5
    cmp r7, r9 ;   it gt ;  movgt r9, r7
    cmp r6, r10 ;  it gt ;  movgt r10, r6
    cmp r8, r10 ;  it gt ;  movgt r10, r8
    strd r9, r10, [sp, #20]
  6:
    ldrd r2, r5, [sp, #12] ;  add r3, r2
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
  PairJob job{queries, quads, to, 2 * stride - 4 * quads, end, {largest.of[0], largest.of[1]},
              key,     stride};
  score_pairs(&job);
  to = job.at, key = job.row, largest = {{job.most[0], job.most[1]}};
}

#endif

}  // namespace graven::core::armv7em_isa

#endif
