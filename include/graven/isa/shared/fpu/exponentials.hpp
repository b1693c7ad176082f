// Exponentials of numbers less their largest, four side by side in the registers of an Arm FPU:
// floating_point::exp's bits. VMLA and VMLS round the product before they add it.
#pragma once

#if defined(__ARM_FP) && (__ARM_FP & 4)

#include "graven/floating_point.hpp"
#include "graven/isa/shared/attributes.hpp"

namespace graven::core::fpu_isa {

// Numbers of floating_point::exp: what four sums begin with, and what all share.
struct ExponentialNumbers {
  static constexpr float shift = floating_point::no_halves<float>;
  float shifts[4]{shift, shift, shift, shift}, ones[4]{1, 1, 1, 1};
  float high = floating_point::log2_high<float>, low = floating_point::log2_low<float>;
  float octaves = floating_point::octaves<float>;
  float seventh = 1.0f / 7, sixth = 1.0f / 6, fifth = 1.0f / 5, third = 1.0f / 3;
};
inline constexpr ExponentialNumbers exponential_numbers{};

// Four by four x becomes exp(x - most), and joins the sum, until `end`, or until one of four is NaN
// or 87 or more below `most`: where it stopped. It computes with most - x, which is positive: x and
// r of exp() have the other sign.
//   s0 most, s1 sum, s2-s12 numbers; s16-s19 most - x, then r; s20-s23 shifted; s24-s27 tail;
//   s28-s31 products
inline float* put_near_exponentials(float* at, const float* end, float most, float& sum) {
  constexpr std::uint32_t far = std::bit_cast<std::uint32_t>(87.0f);
  std::uint32_t w, x, y, z;
  asm volatile(R"(
    .macro four op to0 to1 to2 to3 a0 a1 a2 a3 b0 b1 b2 b3
      \op\().f32 \to0, \a0, \b0 ;  \op\().f32 \to1, \a1, \b1
      \op\().f32 \to2, \a2, \b2 ;  \op\().f32 \to3, \a3, \b3
    .endm
    .macro four_by op to0 to1 to2 to3 a0 a1 a2 a3 b
      four \op \to0 \to1 \to2 \to3 \a0 \a1 \a2 \a3 \b \b \b \b
    .endm
    .macro add_term number
      four vmul s28 s29 s30 s31 s24 s25 s26 s27 s16 s17 s18 s19
      vldmia %[ones], {s24-s27}
      four_by vmls s24 s25 s26 s27 s28 s29 s30 s31 \number
    .endm
    .macro put a b s t
      vmov %[w], %[x], \a, \b ;     vmov %[y], %[z], \s, \t
      add %[w], %[w], %[y], lsl #23 ;  add %[x], %[x], %[z], lsl #23
      vmov \a, \b, %[w], %[x]
      vadd.f32 s1, s1, \a ;  vadd.f32 s1, s1, \b
    .endm
      vldr s1, [%[sum]]
      vldmia %[numbers], {s2-s8}
      vmov.f32 s9, #0.25 ;  vmov.f32 s10, #0.5 ;  vmov.f32 s12, #1.0
      vldr s11, [%[shifts]] ;  vmov.f32 s0, %[most]
  1:
      vldmia %[at], {s16-s19}
      four vsub s16 s17 s18 s19 s0 s0 s0 s0 s16 s17 s18 s19
      vmov %[w], %[x], s16, s17 ;  vmov %[y], %[z], s18, s19
      cmp %[w], %[far] ;  ittt lo
      cmplo %[x], %[far] ;  cmplo %[y], %[far] ;  cmplo %[z], %[far]
      bhs.w 2f
      vldmia %[shifts], {s20-s23}
      four_by vmls s20 s21 s22 s23 s16 s17 s18 s19 s4
      four_by vsub s24 s25 s26 s27 s20 s21 s22 s23 s11
      four_by vmla s16 s17 s18 s19 s24 s25 s26 s27 s2
      four_by vmla s16 s17 s18 s19 s24 s25 s26 s27 s3
      vldmia %[ones], {s24-s27}
      four_by vmls s24 s25 s26 s27 s16 s17 s18 s19 s5
      add_term s6 ;  add_term s7 ;  add_term s9 ;  add_term s8
      four vmul s28 s29 s30 s31 s16 s17 s18 s19 s16 s17 s18 s19
      four vmul s28 s29 s30 s31 s28 s29 s30 s31 s24 s25 s26 s27
      four_by vnmls s16 s17 s18 s19 s28 s29 s30 s31 s10
      four_by vadd s16 s17 s18 s19 s16 s17 s18 s19 s12
      put s16 s17 s20 s21
      put s18 s19 s22 s23
      vstmia %[at]!, {s16-s19}
      cmp %[at], %[end] ;  bne.w 1b
  2:
      vstr s1, [%[sum]]
    .purgem four
    .purgem four_by
    .purgem add_term
    .purgem put
  )" GRAVEN_STATEMENTS_64
               : [at] "+&r"(at), [w] "=&r"(w), [x] "=&r"(x), [y] "=&r"(y), [z] "=&r"(z)
               : [end] "r"(end), [most] "t"(most), [sum] "r"(&sum), [far] "r"(far),
                 [shifts] "r"(exponential_numbers.shifts), [ones] "r"(exponential_numbers.ones),
                 [numbers] "r"(&exponential_numbers.high)
               : "s0", "s1", "s2", "s3", "s4", "s5", "s6", "s7", "s8", "s9", "s10", "s11", "s12",
                 "s16", "s17", "s18", "s19", "s20", "s21", "s22", "s23", "s24", "s25", "s26", "s27",
                 "s28", "s29", "s30", "s31", "cc", "memory");
  return at;
}

// x = exp(x - most), of `count` numbers that are `most` at most. Their sum, from the first on.
inline float put_exponentials(float* at, int count, float most) {
  float sum = 0;
  const auto put_one = [&] {
    *at = floating_point::exp(*at - most);
    sum += *at++;
  };
  const float* const end = at + count;
  const float* const fours = at + (count & ~3);
  while (at != fours) {
    at = put_near_exponentials(at, fours, most, sum);
    if (at != fours)
      for (int k = 0; k < 4; ++k) put_one();
  }
  while (at != end) put_one();
  return sum;
}

}  // namespace graven::core::fpu_isa

#endif
