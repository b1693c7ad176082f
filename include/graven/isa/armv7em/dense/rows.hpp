// Products of vectors with rows of bytes, two per instruction: a vector with four rows, or two
// vectors with two rows, which are taken apart once for both.
#pragma once

#if defined(__ARM_FEATURE_SIMD32) && defined(__thumb2__)

#include "graven/isa/armv7em/dsp.hpp"

namespace graven::core::armv7em_isa {

// Vectors are halfwords: of each four elements 0 and 2, then 1 and 3, as SXTB16 makes them of
// bytes; of two vectors those of the first, then those of the second. Byte of an element:
template <int vectors> constexpr int half_at(int i, int vector = 0) {
  return 8 * (vectors * (i / 4) + vector) + 2 * ((i & 1) << 1 | (i >> 1 & 1));
}

// Products of one vector and one row, of `quads` times four elements.
template <int vectors>
inline std::int32_t row_sum(const std::byte* vector, const std::byte* row, int quads) {
  std::int32_t sum = 0;
  for (; quads > 0; --quads, vector += 8 * vectors, row += 4) {
    const auto four = load<std::uint32_t>(row);
    sum = smlad(even_bytes(four), load_aligned<std::uint32_t>(vector), sum);
    sum = smlad(odd_bytes(four), load_aligned<std::uint32_t>(vector + 4), sum);
  }
  return sum;
}

#if defined(__clang__) || defined(__OPTIMIZE__)

// Loops take four quads, the last ones one.
[[gnu::always_inline]] inline void one_by_four(const std::byte* vector, const std::byte* row,
                                               int stride, int quads, std::int32_t& a,
                                               std::int32_t& b, std::int32_t& c, std::int32_t& d) {
  std::uint32_t even, odd, four, half;
  asm volatile(
      R"(
  .macro add_four acc
    sxtb16 %[half], %[four] ;  sxtb16 %[four], %[four], ror #8
    smlad \acc, %[half], %[even], \acc ;  smlad \acc, %[four], %[odd], \acc
  .endm
  .macro quad
    ldrd %[even], %[odd], [%[v]], #8
    ldr %[four], [%[row], %[thrice]] ;          add_four %[z]
    ldr %[four], [%[row], %[stride], lsl #1] ;  add_four %[y]
    ldr %[four], [%[row], %[stride]] ;          add_four %[x]
    ldr %[four], [%[row]], #4 ;                 add_four %[w]
  .endm
  )" GRAVEN_ARMV7EM_QUADS(4) ".purgem add_four\n"
      : [v] "+r"(vector), [row] "+r"(row), [n] "+r"(quads), [w] "+r"(a), [x] "+r"(b), [y] "+r"(c),
        [z] "+r"(d), [even] "=&r"(even), [odd] "=&r"(odd), [four] "=&r"(four), [half] "=&r"(half)
      : [stride] "r"(stride), [thrice] "r"(3 * stride)
      : "cc", "memory");
}
#endif

// Two vectors and two rows take all fourteen registers: those of a function that an option gives a
// frame pointer would not do, so that they are a function of its own, without a frame.
struct TwoByTwo {
  std::int32_t sums[4];  // of both with the first row, then the second
  struct Job {
    const std::byte *vectors, *row;
    int stride, quads;
    std::int32_t first[4];  // what the sums begin with
  } job;
};
// r0 vectors, r1 row, r2 stride, r3 quads, r4-r7 sums; r8-r12 and lr scratch.
GRAVEN_NAKED inline void two_by_two(TwoByTwo::Job*) {
  asm volatile(R"(
  .macro add_both first second
    smlad \first, r8, r10, \first ;    smlad \first, r9, r11, \first
    smlad \second, lr, r10, \second ;  smlad \second, r12, r11, \second
  .endm
  .macro quad
    ldr r12, [r1, r2] ;    ldr r9, [r1], #4
    sxtb16 r8, r9 ;   sxtb16 r9, r9, ror #8
    sxtb16 lr, r12 ;  sxtb16 r12, r12, ror #8
    ldrd r10, r11, [r0], #8 ;  add_both r4 r6
    ldrd r10, r11, [r0], #8 ;  add_both r5 r7
  .endm
    push {r0, r4-r11, lr}
    ldm r0, {r0-r7}
  )" GRAVEN_ARMV7EM_QUADS_OF("r3", 4) R"(
    pop {r0}
    stmdb r0, {r4-r7}
    pop {r4-r11, pc}
  .purgem add_both
  )");
}

// Adds the same of four rows, `stride` bytes apart, to a to d; or of two vectors: to a and b those
// of the first row, to c and d those of the second.
template <int vectors>
[[gnu::always_inline]] inline void block_sums(const std::byte* vector, const std::byte* row,
                                              int stride, int quads, std::int32_t& a,
                                              std::int32_t& b, std::int32_t& c, std::int32_t& d) {
  if constexpr (vectors == 2) {
    TwoByTwo block{{}, {vector, row, stride, quads, {a, b, c, d}}};
    two_by_two(&block.job);
    a = block.sums[0], b = block.sums[1], c = block.sums[2], d = block.sums[3];
  } else {
#if defined(__clang__) || defined(__OPTIMIZE__)
    one_by_four(vector, row, stride, quads, a, b, c, d);
#else  // no register is left over
    std::int32_t* const sums[]{&a, &b, &c, &d};
    for (int k = 0; k < 4; ++k) *sums[k] += row_sum<1>(vector, row + k * stride, quads);
#endif
  }
}

}  // namespace graven::core::armv7em_isa

#endif
