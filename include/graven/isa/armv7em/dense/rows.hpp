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
[[gnu::always_inline]] inline void two_by_two(const std::byte* vector, const std::byte* row,
                                              int stride, int quads, std::int32_t& a,
                                              std::int32_t& b, std::int32_t& c, std::int32_t& d) {
  std::uint32_t even, odd, four, half, next, other;
  asm volatile(R"(
  .macro add_both first second
    smlad \first, %[half], %[even], \first ;    smlad \first, %[four], %[odd], \first
    smlad \second, %[other], %[even], \second ;  smlad \second, %[next], %[odd], \second
  .endm
  .macro quad
    ldr %[next], [%[row], %[stride]] ;  ldr %[four], [%[row]], #4
    sxtb16 %[half], %[four] ;   sxtb16 %[four], %[four], ror #8
    sxtb16 %[other], %[next] ;  sxtb16 %[next], %[next], ror #8
    ldrd %[even], %[odd], [%[v]], #8 ;  add_both %[w] %[y]
    ldrd %[even], %[odd], [%[v]], #8 ;  add_both %[x] %[z]
  .endm
  )" GRAVEN_ARMV7EM_QUADS(4) ".purgem add_both\n"
               : [v] "+r"(vector), [row] "+r"(row), [n] "+r"(quads), [w] "+r"(a), [x] "+r"(b),
                 [y] "+r"(c), [z] "+r"(d), [even] "=&r"(even), [odd] "=&r"(odd), [four] "=&r"(four),
                 [half] "=&r"(half), [next] "=&r"(next), [other] "=&r"(other)
               : [stride] "r"(stride)
               : "cc", "memory");
}

#endif

// Adds the same of four rows, `stride` bytes apart, to a to d; or of two vectors: to a and b those
// of the first row, to c and d those of the second.
template <int vectors>
[[gnu::always_inline]] inline void block_sums(const std::byte* vector, const std::byte* row,
                                              int stride, int quads, std::int32_t& a,
                                              std::int32_t& b, std::int32_t& c, std::int32_t& d) {
#if defined(__clang__) || defined(__OPTIMIZE__)
  if constexpr (vectors == 1) return one_by_four(vector, row, stride, quads, a, b, c, d);
#endif
#if defined(__OPTIMIZE__) && !(defined(__clang__) && defined(__OPTIMIZE_SIZE__))
  if constexpr (vectors == 2) return two_by_two(vector, row, stride, quads, a, b, c, d);
#endif
  // Where compilers have no register left over.
  std::int32_t* const sums[]{&a, &b, &c, &d};
  for (int k = 0; k < 4; ++k)
    *sums[k] += row_sum<vectors>(vector + 8 * (k % vectors), row + k / vectors * stride, quads);
}

}  // namespace graven::core::armv7em_isa

#endif
