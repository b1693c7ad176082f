// Sums of products of float32 in the registers of an Arm FPU, or of Helium, for blocks of n
// outputs: 1 to 4 and 8, with Helium 1 to 8 and 16. Products are rounded before they are added, in
// the order of scalar: the same bits if the compiler does not contract scalar's a * b + c
// (-ffp-contract=off). Helium takes subnormal numbers for zero. (On a Cortex-M4 VMUL and VADD take
// two cycles together, VMLA and VFMA three.) chained: by VMLA, one instruction of both roundings.
#pragma once

#if defined(__ARM_FP) && (__ARM_FP & 4)

#include "graven/isa/shared/fpu/steps.hpp"
#include "graven/isa/shared/fpu/vectors.hpp"

#include <cstddef>

namespace graven::core::fpu_isa {

// add_apart: sums = start + `count` > 0 products. Every output has an input of its own, and taps
// are `step` apart; with Helium n is 4, 8 or 16. add_window: one input serves all outputs, of
// `rows` > 0 rows of `taps` > 0 inputs, `offset` bytes into each; inputs and weights lie side by
// side.
#if !defined(__ARM_FEATURE_MVE) || !(__ARM_FEATURE_MVE & 2)

inline constexpr int most_outputs = 8, least_outputs = 1;

// For the assembler below, of the first %[n] of eight registers: `several` loads or stores them
// all; `product` and `sum` act where there is the register `at`; `products` multiplies s8 and the
// following, `sums` adds them to s0 and the following.
#define GRAVEN_FPU_EIGHT                                                                           \
  ".macro several act, address, first, last\n"                                                     \
  ".if %c[n] > 1 ;  \\act \\address, {\\first-\\last} ;  .else ;  \\act \\address, {\\first} ;  "  \
  ".endif\n"                                                                                       \
  ".endm\n"                                                                                        \
  ".macro product at, to, factor\n"                                                                \
  ".if %c[n] > \\at ;  vmul.f32 \\to, \\to, \\factor ;  .endif\n"                                  \
  ".endm\n"                                                                                        \
  ".macro sum at, to, term\n"                                                                      \
  ".if %c[n] > \\at ;  vadd.f32 \\to, \\to, \\term ;  .endif\n"                                    \
  ".endm\n"                                                                                        \
  ".macro products factor\n"                                                                       \
  "product 0, s8, \\factor ;   product 1, s9, \\factor\n"                                          \
  "product 2, s10, \\factor ;  product 3, s11, \\factor\n"                                         \
  "product 4, s12, \\factor ;  product 5, s13, \\factor\n"                                         \
  "product 6, s14, \\factor ;  product 7, s15, \\factor\n"                                         \
  ".endm\n"                                                                                        \
  ".macro sums\n"                                                                                  \
  "sum 0, s0, s8 ;   sum 1, s1, s9 ;   sum 2, s2, s10 ;  sum 3, s3, s11\n"                         \
  "sum 4, s4, s12 ;  sum 5, s5, s13 ;  sum 6, s6, s14 ;  sum 7, s7, s15\n"                         \
  ".endm\n"
#define GRAVEN_FPU_END                                                                             \
  ".purgem several ;  .purgem product ;  .purgem sum ;  .purgem products ;  .purgem sums\n"

template <int n>
inline void add_apart(float* sums, const float* start, const std::byte* inputs,
                      const std::byte* weights, Steps step, int count) {
  asm volatile(GRAVEN_FPU_EIGHT R"(
    several vldmia, %[start], s0, s%c[end0]
  1:
    several vldmia, %[inputs], s8, s%c[end8]
    several vldmia, %[weights], s16, s%c[end16]
    add %[inputs], %[input_step]
    add %[weights], %[weight_step]
    product 0, s8, s16 ;   product 1, s9, s17
    product 2, s10, s18 ;  product 3, s11, s19
    product 4, s12, s20 ;  product 5, s13, s21
    product 6, s14, s22 ;  product 7, s15, s23
    sums
    subs %[count], #1
    bne 1b
    several vstmia, %[sums], s0, s%c[end0]
  )" GRAVEN_FPU_END
               : [inputs] "+&r"(inputs), [weights] "+&r"(weights), [count] "+&r"(count)
               : [sums] "r"(sums), [start] "r"(start), [input_step] "r"(step.inputs),
                 [weight_step] "r"(step.weights), [n] "i"(n), [end0] "i"(n - 1), [end8] "i"(n + 7),
                 [end16] "i"(n + 15)
               : "s0", "s1", "s2", "s3", "s4", "s5", "s6", "s7", "s8", "s9", "s10", "s11", "s12",
                 "s13", "s14", "s15", "s16", "s17", "s18", "s19", "s20", "s21", "s22", "s23", "cc",
                 "memory");
}

// What is left of a row's taps in fours: bit 1 in the carry, bit 0 as the sign.
template <int n, bool chained = false>
inline void add_window(float* sums, const float* start, const std::byte* const* inputs, int offset,
                       const std::byte* weights, int rows, int taps) {
  const std::byte* at;
  int left;
  asm volatile(GRAVEN_FPU_EIGHT R"(
    .macro chain at, to, weight, input
    .if %c[n] > \at
    vmla.f32 \to, \weight, \input
    .endif
    .endm
    .macro add_products input
    several vldmia, %[weights]!, s8, s%c[end8]
    .if %c[chained]
    chain 0, s0, s8, \input ;   chain 1, s1, s9, \input
    chain 2, s2, s10, \input ;  chain 3, s3, s11, \input
    chain 4, s4, s12, \input ;  chain 5, s5, s13, \input
    chain 6, s6, s14, \input ;  chain 7, s7, s15, \input
    .else
    products \input
    sums
    .endif
    .endm
    several vldmia, %[start], s0, s%c[end0]
  1:
    ldr %[at], [%[inputs]], #4
    add %[at], %[offset]
    subs %[left], %[taps], #4
    blt 3f
  2:
    vldmia %[at]!, {s16-s19}
    add_products s16
    add_products s17
    add_products s18
    add_products s19
    subs %[left], #4
    bge 2b
  3:
    lsls %[left], #31
    bcc 4f
    vldmia %[at]!, {s16-s17}
    add_products s16
    add_products s17
  4:
    bpl 5f
    vldmia %[at], {s16}
    add_products s16
  5:
    subs %[rows], #1
    bne 1b
    several vstmia, %[sums], s0, s%c[end0]
    .purgem chain
    .purgem add_products
  )" GRAVEN_FPU_END
               : [inputs] "+&r"(inputs), [weights] "+&r"(weights), [rows] "+&r"(rows),
                 [at] "=&r"(at), [left] "=&r"(left)
               : [sums] "r"(sums), [start] "r"(start), [offset] "r"(offset), [taps] "r"(taps),
                 [n] "i"(n), [end0] "i"(n - 1), [end8] "i"(n + 7), [chained] "i"(chained)
               : "s0", "s1", "s2", "s3", "s4", "s5", "s6", "s7", "s8", "s9", "s10", "s11", "s12",
                 "s13", "s14", "s15", "s16", "s17", "s18", "s19", "cc", "memory");
}

// sums = start + products of n neighbouring windows of one channel, which are `step` inputs apart;
// the weights of one output. From one row of the window to the next, `row_step` bytes beside its
// taps.
template <int n, int step>
inline void add_columns(float* sums, float start, const std::byte* inputs, int row_step,
                        const std::byte* weights, int rows, int columns) {
  static_assert(step == 1 || step == 2);
  int left;
  asm volatile(
      GRAVEN_FPU_EIGHT R"(
    .macro begin at, to
    .if %c[n] > \at ;  vmov.f32 \to, %[start] ;  .endif
    .endm
    .macro act_apart act
    \act 0, s0, s8 ;   \act 1, s1, s10 ;  \act 2, s2, s12 ;  \act 3, s3, s14
    \act 4, s4, s16 ;  \act 5, s5, s18 ;  \act 6, s6, s20 ;  \act 7, s7, s22
    .endm
    .macro weigh at, to, input
    product \at, \input, s24
    .endm
    begin 0, s0 ;  begin 1, s1 ;  begin 2, s2 ;  begin 3, s3
    begin 4, s4 ;  begin 5, s5 ;  begin 6, s6 ;  begin 7, s7
  1:
    mov %[left], %[columns]
  2:
    several vldmia, %[inputs], s8, s%c[end8]
    vldmia %[weights]!, {s24}
    add %[inputs], #4
    .if %c[step] == 1
    products s24
    sums
    .else
    act_apart weigh
    act_apart sum
    .endif
    subs %[left], #1
    bne 2b
    add %[inputs], %[row_step]
    subs %[rows], #1
    bne 1b
    several vstmia, %[sums], s0, s%c[end0]
    .purgem begin ;  .purgem act_apart ;  .purgem weigh
  )" GRAVEN_FPU_END
      : [inputs] "+&r"(inputs), [weights] "+&r"(weights), [rows] "+&r"(rows), [left] "=&r"(left)
      : [sums] "r"(sums), [start] "t"(start), [row_step] "r"(row_step), [columns] "r"(columns),
        [n] "i"(n), [step] "i"(step), [end0] "i"(n - 1), [end8] "i"(8 + (n - 1) * step)
      : "s0", "s1", "s2", "s3", "s4", "s5", "s6", "s7", "s8", "s9", "s10", "s11", "s12", "s13",
        "s14", "s15", "s16", "s17", "s18", "s19", "s20", "s21", "s22", "s23", "s24", "cc",
        "memory");
}

#endif

}  // namespace graven::core::fpu_isa

#endif
