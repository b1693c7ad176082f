// Sums of products of float32 in the vectors of Helium, for blocks of n outputs (sums.hpp).
// Products are rounded before they are added, in the order of scalar; subnormal numbers are zero.
#pragma once

#if defined(__ARM_FEATURE_MVE) && (__ARM_FEATURE_MVE & 2)

#include "graven/isa/shared/fpu/steps.hpp"

#include <cstddef>

namespace graven::core::fpu_isa {

inline constexpr int most_outputs = 16, least_outputs = 4;
inline constexpr int over_read = 12;  // bytes that are read behind the weights of a block

// For the assembler below, of the first %[n] of sixteen sums in q0 to q3: `each_vector` acts on
// each vector and its place in memory; `put` stores one to %[sums].
#define GRAVEN_FPU_VECTORS                                                                         \
  ".macro each_vector act\n"                                                                       \
  "\\act q0, 0\n"                                                                                  \
  ".if %c[n] > 4 ;  \\act q1, 16 ;  .endif\n"                                                      \
  ".if %c[n] > 8 ;  \\act q2, 32 ;  \\act q3, 48 ;  .endif\n"                                      \
  ".endm\n"                                                                                        \
  ".macro put q at\n"                                                                              \
  "vstrw.32 \\q, [%[sums], #\\at]\n"                                                               \
  ".endm\n"
#define GRAVEN_FPU_VECTORS_END ".purgem each_vector\n.purgem put\n"

template <int n>
inline void add_apart(float* sums, const float* start, const std::byte* inputs,
                      const std::byte* weights, Steps step, int count) {
  asm volatile(GRAVEN_FPU_VECTORS R"(
    .macro get q at
    vldrw.32 \q, [%[start], #\at]
    .endm
    .macro add_product q at
    vldrw.32 q4, [%[inputs], #\at]
    vldrw.32 q5, [%[weights], #\at]
    vmul.f32 q4, q4, q5
    vadd.f32 \q, \q, q4
    .endm
    each_vector get
    dls lr, %[count]
  1:
    each_vector add_product
    add %[inputs], %[input_step]
    add %[weights], %[weight_step]
    le lr, 1b
    each_vector put
    .purgem get
    .purgem add_product
  )" GRAVEN_FPU_VECTORS_END
               : [inputs] "+&r"(inputs), [weights] "+&r"(weights)
               : [sums] "r"(sums), [start] "r"(start), [input_step] "r"(step.inputs),
                 [weight_step] "r"(step.weights), [count] "r"(count), [n] "i"(n)
               : "q0", "q1", "q2", "q3", "q4", "q5", "lr", "memory");
}

// Taps by fours. Of the last vector there may be a part, of which a predicate says the lanes; its
// weights are read as a whole.
template <int n, bool chained = false>
inline void add_window(float* sums, const float* start, const std::byte* const* inputs, int offset,
                       const std::byte* weights, int rows, int taps) {
#if defined(__clang__) || defined(__OPTIMIZE__)
  const std::byte* at;
  asm volatile(
      R"(
    .macro each_vector act, x
    \act q0, q4, 0, \x
    .if %c[n] > 4
    \act q1, q5, 16, \x
    .endif
    .if %c[n] > 8
    \act q2, q6, 32, \x
    \act q3, q7, 48, \x
    .endif
    .endm
    .macro move instruction, q, base, at
    .if %c[n] - \at / 4 < 4
    vpst
    \instruction\()t.32 \q, [\base, #\at]
    .else
    \instruction\().32 \q, [\base, #\at]
    .endif
    .endm
    .macro get q, product, at, x
    move vldrw, \q, %[start], \at
    .endm
    .macro put q, product, at, x
    move vstrw, \q, %[sums], \at
    .endm
    .macro take q, product, at, x
    .if %c[n] - \at / 4 < 4
    vldrw.32 \product, [%[weights]], #4 * (%c[n] - \at / 4)
    .else
    vldrw.32 \product, [%[weights]], #16
    .endif
    .endm
    .macro multiply q, product, at, x
    vmul.f32 \product, \product, \x
    .endm
    .macro sum q, product, at, x
    vadd.f32 \q, \q, \product
    .endm
    .macro add_tap x
    each_vector take
    each_vector multiply, \x
    each_vector sum
    .endm
    .if %c[n] & 3
    mov %[at], #%c[n] & 3
    vctp.32 %[at]
    .endif
    each_vector get
  1:
    ldr %[at], [%[inputs]], #4
    add %[at], %[offset]
    lsr r12, %[taps], #2
    wls lr, r12, 3f
  2:
    ldm %[at]!, {r4, r5, r6, r12}
    add_tap r4
    add_tap r5
    add_tap r6
    add_tap r12
    le lr, 2b
  3:
    and r12, %[taps], #3
    wls lr, r12, 5f
  4:
    ldr r12, [%[at]], #4
    add_tap r12
    le lr, 4b
  5:
    subs %[rows], #1
    bne 1b
    each_vector put
    .purgem each_vector
    .purgem move
    .purgem get
    .purgem put
    .purgem take
    .purgem multiply
    .purgem sum
    .purgem add_tap
  )"
      : [inputs] "+&r"(inputs), [weights] "+&r"(weights), [rows] "+&r"(rows), [at] "=&r"(at)
      : [sums] "r"(sums), [start] "r"(start), [offset] "r"(offset), [taps] "r"(taps), [n] "i"(n)
      : "q0", "q1", "q2", "q3", "q4", "q5", "q6", "q7", "r4", "r5", "r6", "r12", "lr", "cc",
        "memory");
#else  // g++ has no register left over
  for (int i = 0; i < n; ++i) sums[i] = start[i];
  for (; rows > 0; --rows, ++inputs)
    for (int tap = 0; tap < taps; ++tap, weights += 4 * n)
      for (int i = 0; i < n; ++i)
        sums[i] += load<float>(*inputs + offset + 4 * tap) * load<float>(weights + 4 * i);
#endif
}

}  // namespace graven::core::fpu_isa

#endif
