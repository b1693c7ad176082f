// Sums of products of float32 in the registers of an Arm FPU, or of Helium, for blocks of n
// outputs: 4, 8 and with Helium 16. Products are rounded before they are added, in the order of
// scalar: the same bits if the compiler does not contract scalar's a * b + c (-ffp-contract=off).
// Helium takes subnormal numbers for zero. (On a Cortex-M4 VMUL and VADD take two cycles together,
// VFMA three.)
#pragma once

#if defined(__ARM_FP) && (__ARM_FP & 4)

#include <cstddef>

namespace graven::core::fpu_isa {

// Bytes from one tap of a depthwise convolution to the next.
struct Steps {
  int inputs, weights;
};

// sums = start + `count` > 0 products. apart: every output has an input of its own, and taps are
// `step` apart; otherwise one input serves all outputs, and inputs and weights lie side by side.
#if defined(__ARM_FEATURE_MVE) && (__ARM_FEATURE_MVE & 2)

inline constexpr int most_outputs = 16;

template <int n, bool apart>
inline void add(float* sums, const float* start, const std::byte* inputs, const std::byte* weights,
                Steps step, int count) {
  asm volatile(R"(
    .macro each_vector act
    \act q0, 0
    .if %c[n] > 4
    \act q1, 16
    .endif
    .if %c[n] > 8
    \act q2, 32
    \act q3, 48
    .endif
    .endm
    .macro get q at
    vldrw.32 \q, [%[start], #\at]
    .endm
    .macro put q at
    vstrw.32 \q, [%[sums], #\at]
    .endm
    .macro add_product q at
    .if %c[apart]
    vldrw.32 q4, [%[inputs], #\at]
    vldrw.32 q5, [%[weights], #\at]
    vmul.f32 q4, q4, q5
    .else
    vldrw.32 q4, [%[weights]], #16
    vmul.f32 q4, q4, r12
    .endif
    vadd.f32 \q, \q, q4
    .endm
    each_vector get
    dls lr, %[count]
  1:
    .ifeq %c[apart]
    ldr r12, [%[inputs]], #4
    .endif
    each_vector add_product
    .if %c[apart]
    add %[inputs], %[input_step]
    add %[weights], %[weight_step]
    .endif
    le lr, 1b
    each_vector put
    .purgem each_vector
    .purgem get
    .purgem put
    .purgem add_product
  )"
               : [inputs] "+&r"(inputs), [weights] "+&r"(weights)
               : [sums] "r"(sums), [start] "r"(start), [input_step] "r"(step.inputs),
                 [weight_step] "r"(step.weights), [count] "r"(count), [n] "i"(n), [apart] "i"(apart)
               : "q0", "q1", "q2", "q3", "q4", "q5", "r12", "lr", "memory");
}

#else

inline constexpr int most_outputs = 8;

template <int n, bool apart>
inline void add(float* sums, const float* start, const std::byte* inputs, const std::byte* weights,
                Steps step, int count) {
  asm volatile(R"(
    .macro add_all
    vadd.f32 s0, s0, s8 ;   vadd.f32 s1, s1, s9
    vadd.f32 s2, s2, s10 ;  vadd.f32 s3, s3, s11
    .if %c[n] > 4
    vadd.f32 s4, s4, s12 ;  vadd.f32 s5, s5, s13
    vadd.f32 s6, s6, s14 ;  vadd.f32 s7, s7, s15
    .endif
    .endm
    .macro add_product input
    vldmia %[weights]!, {s8-s%c[end8]}
    vmul.f32 s8, s8, \input ;    vmul.f32 s9, s9, \input
    vmul.f32 s10, s10, \input ;  vmul.f32 s11, s11, \input
    .if %c[n] > 4
    vmul.f32 s12, s12, \input ;  vmul.f32 s13, s13, \input
    vmul.f32 s14, s14, \input ;  vmul.f32 s15, s15, \input
    .endif
    add_all
    .endm
    .macro add_tap
    vldmia %[inputs], {s8-s%c[end8]}
    vldmia %[weights], {s16-s%c[end16]}
    add %[inputs], %[input_step]
    add %[weights], %[weight_step]
    vmul.f32 s8, s8, s16 ;    vmul.f32 s9, s9, s17
    vmul.f32 s10, s10, s18 ;  vmul.f32 s11, s11, s19
    .if %c[n] > 4
    vmul.f32 s12, s12, s20 ;  vmul.f32 s13, s13, s21
    vmul.f32 s14, s14, s22 ;  vmul.f32 s15, s15, s23
    .endif
    add_all
    .endm
    vldmia %[start], {s0-s%c[end0]}
    .ifeq %c[apart]
    subs %[count], #4
    blt 2f
  1:
    vldmia %[inputs]!, {s16-s19}
    add_product s16
    add_product s17
    add_product s18
    add_product s19
    subs %[count], #4
    bge 1b
  2:
    adds %[count], #4
    beq 4f
    .endif
  3:
    .if %c[apart]
    add_tap
    .else
    vldmia %[inputs]!, {s16}
    add_product s16
    .endif
    subs %[count], #1
    bne 3b
  4:
    vstmia %[sums], {s0-s%c[end0]}
    .purgem add_all
    .purgem add_product
    .purgem add_tap
  )"
               : [inputs] "+&r"(inputs), [weights] "+&r"(weights), [count] "+&r"(count)
               : [sums] "r"(sums), [start] "r"(start), [input_step] "r"(step.inputs),
                 [weight_step] "r"(step.weights), [n] "i"(n), [apart] "i"(apart), [end0] "i"(n - 1),
                 [end8] "i"(n + 7), [end16] "i"(n + 15)
               : "s0", "s1", "s2", "s3", "s4", "s5", "s6", "s7", "s8", "s9", "s10", "s11", "s12",
                 "s13", "s14", "s15", "s16", "s17", "s18", "s19", "s20", "s21", "s22", "s23", "cc",
                 "memory");
}

#endif

}  // namespace graven::core::fpu_isa

#endif
