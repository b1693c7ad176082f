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

// The loop is the one of block_sums (rows.hpp); its first quad begins the sums. Numbers of the loop
// around it lie on the stack: no register is left over.
template <> inline void Scores::put_fast<1>(std::byte*& to, const std::byte* end) {
  std::byte* at = to;
  Largest most = largest;
  const std::byte *const vectors = queries, *row = key;
  const int count = quads, next = 4 * stride - 4 * quads;
  std::uint32_t even, odd, four, half;
  std::int32_t v, n, w, x, y, z;
  asm volatile(
      R"(
  .macro begin acc a b
    smuad \acc, \a, \b
  .endm
  .macro proceed acc a b
    smlad \acc, \a, \b, \acc
  .endm
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
      : [v] "=&r"(v), [n] "=&r"(n), [row] "+r"(row), [w] "=&r"(w), [x] "=&r"(x), [y] "=&r"(y),
        [z] "=&r"(z), [even] "=&r"(even), [odd] "=&r"(odd), [four] "=&r"(four), [half] "=&r"(half),
        [at] "+m"(at), [most] "+m"(most.of[0])
      : [stride] "r"(stride), [thrice] "r"(3 * stride), [vectors] "m"(vectors), [count] "m"(count),
        [next] "m"(next), [end] "m"(end)
      : "cc", "memory");
  to = at, key = row, largest = most;
}
template <> inline void Scores::put_fast<2>(std::byte*& to, const std::byte* end) {
  std::byte* at = to;
  Largest most = largest;
  const std::byte *const vectors = queries, *row = key;
  const int count = quads, next = 2 * stride - 4 * quads;
  std::uint32_t even, odd, four, half, below, other;
  std::int32_t v, n, w, x, y, z;
  asm volatile(
      R"(
  .macro begin acc a b
    smuad \acc, \a, \b
  .endm
  .macro proceed acc a b
    smlad \acc, \a, \b, \acc
  .endm
  .macro both first upper lower
    ldrd %[even], %[odd], [%[v]], #8
    \first \upper, %[half], %[even] ;   smlad \upper, %[four], %[odd], \upper
    \first \lower, %[other], %[even] ;  smlad \lower, %[below], %[odd], \lower
  .endm
  .macro quad first=proceed
    ldr %[below], [%[row], %[stride]] ;  ldr %[four], [%[row]], #4
    sxtb16 %[half], %[four] ;    sxtb16 %[four], %[four], ror #8
    sxtb16 %[other], %[below] ;  sxtb16 %[below], %[below], ror #8
    both \first, %[w], %[y]
    both \first, %[x], %[z]
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
    ldr %[v], %[at] ;  ldrd %[even], %[odd], %[most]
    strd %[w], %[x], [%[v]], #8 ;  strd %[y], %[z], [%[v]], #8
    str %[v], %[at]
    cmp %[w], %[even] ;  ittt le ;  cmple %[y], %[even] ;  cmple %[x], %[odd] ;  cmple %[z], %[odd]
    ble 6f
    cmp %[w], %[even] ;  it gt ;  movgt %[even], %[w]
    cmp %[y], %[even] ;  it gt ;  movgt %[even], %[y]
    cmp %[x], %[odd] ;  it gt ;  movgt %[odd], %[x]
    cmp %[z], %[odd] ;  it gt ;  movgt %[odd], %[z]
    strd %[even], %[odd], %[most]
  6:
    ldr %[n], %[next] ;  add %[row], %[n]
    ldr %[n], %[end] ;  cmp %[v], %[n] ;  bne.w 1b
  .purgem quad
  .purgem both
  .purgem proceed
  .purgem begin
  )"
      : [v] "=&r"(v), [n] "=&r"(n), [row] "+r"(row), [w] "=&r"(w), [x] "=&r"(x), [y] "=&r"(y),
        [z] "=&r"(z), [even] "=&r"(even), [odd] "=&r"(odd), [four] "=&r"(four), [half] "=&r"(half),
        [below] "=&r"(below), [other] "=&r"(other), [at] "+m"(at), [most] "+m"(most)
      : [stride] "r"(stride), [vectors] "m"(vectors), [count] "m"(count), [next] "m"(next),
        [end] "m"(end)
      : "cc", "memory");
  to = at, key = row, largest = most;
}

#endif

}  // namespace graven::core::armv7em_isa

#endif
