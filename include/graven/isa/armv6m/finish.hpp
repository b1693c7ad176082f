// From sums to bytes on Armv6-M, as a macro for the assembler of all kernels.
#pragma once

#if defined(__ARM_ARCH_6M__) || defined(__ARM_ARCH_8M_BASE__)

namespace graven::core::armv6m_isa {

// A sum of at most 21 bits (`clamps`: cut to them) becomes a byte in r3: the product with the
// multiplier's 11, 10 and 10 bits, from the lowest on, at [r7]; rounded by the carry of its last
// bit; then
//   saturate((product + c + (sum < 0 ? -1 : 0)) >> e),  c = r5 = (2 * zero_point + 1) << (e - 1)
// with e in r6's low byte. Changes r1 and r4.
#define GRAVEN_ARMV6M_FINISH                                                                       \
  ".syntax unified\n"                                                                              \
  ".macro finish sum, clamps\n"                                                                    \
  "mov r1, \\sum\n"                                                                                \
  ".if \\clamps\n"                                                                                 \
  "asrs r3, r1, #20 ;  adds r3, #1 ;  cmp r3, #1 ;  bls 7f\n"                                      \
  "asrs r3, r1, #31 ;  movs r1, #1 ;  lsls r1, #20 ;  subs r1, #1 ;  eors r1, r3\n"                \
  "7:\n"                                                                                           \
  ".endif\n"                                                                                       \
  "ldrh r3, [r7] ;      muls r3, r1, r3 ;  asrs r3, #11\n"                                         \
  "ldrh r4, [r7, #2] ;  muls r4, r1, r4 ;  adds r3, r4 ;  asrs r3, #10\n"                          \
  "ldrh r4, [r7, #4] ;  muls r4, r1, r4 ;  adds r3, r4 ;  asrs r3, #10\n"                          \
  "adcs r3, r5 ;  asrs r1, #31 ;  adds r3, r1 ;  asrs r3, r6\n"                                    \
  "sxtb r4, r3 ;  cmp r4, r3 ;  beq 8f\n"                                                          \
  "asrs r3, #31 ;  movs r4, #127 ;  eors r3, r4\n"                                                 \
  "8:\n"                                                                                           \
  ".endm\n"

// The same of sum `n` of a tile of `count`, to r2 and on; lr: bytes from an output to the next.
#define GRAVEN_ARMV6M_PUT                                                                          \
  ".macro put n, sum\n"                                                                            \
  ".if %c[outputs] > \\n\n"                                                                        \
  ".if \\n ;  add r2, lr ;  .endif\n"                                                              \
  "finish \\sum, %c[clamps] ;  strb r3, [r2]\n"                                                    \
  ".endif\n"                                                                                       \
  ".endm\n"

}  // namespace graven::core::armv6m_isa

#endif
