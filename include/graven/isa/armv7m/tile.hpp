// What the kernels of tiled_depthwise.hpp do before and after the taps of a channel, as macros for
// the assembler of all cores with Thumb-2: those of Armv7E-M take it, too.
#pragma once

#if defined(__thumb2__)

namespace graven::core::armv7m_isa {

// At sp lie a DepthwiseTile, with the channel in the place of the stream, and a channel's word.
// `first_sums`: reads the word; r4-r7 its bias, lr the runs. `put_sums`: calls the kernel's macro
// `put` (sum, address: r8 multiplier, r9 word, r10 twice_zero << word) for all outputs, and goes on
// to the next channel: `ne` if there is one. `tail`: bytes from the multiplier to the next record.
#define GRAVEN_ARMV7M_SUMS                                                                         \
  ".macro first_sums\n"                                                                            \
  "ldr r4, [r0], #4 ;  ldr lr, [sp] ;  str r4, [sp, #36]\n"                                        \
  "asr r4, #8 ;  mov r5, r4 ;  mov r6, r4 ;  mov r7, r4\n"                                         \
  ".endm\n"                                                                                        \
  ".macro put_sums tail\n"                                                                         \
  "ldr r8, [r0], #\\tail ;  ldr r9, [sp, #36] ;  ldr r10, [sp, #32] ;  lsl r10, r9\n"              \
  "ldr r1, [sp, #12] ;  ldr lr, [sp, #28]\n"                                                       \
  ".if %c[outputs] > 1 ;  put r5, [r1, lr] ;  .endif\n"                                            \
  ".if %c[outputs] > 2 ;  put r6, [r1, lr, lsl #1] ;  .endif\n"                                    \
  ".if %c[outputs] > 3 ;  add lr, lr, lr, lsl #1 ;  put r7, [r1, lr] ;  .endif\n"                  \
  "put r4, [r1], #1\n"                                                                             \
  "ldr r2, [sp, #8] ;  add r2, #1 ;  strd r2, r1, [sp, #8] ;  ldr r4, [sp, #16] ;  cmp r2, r4\n"   \
  ".endm\n"

}  // namespace graven::core::armv7m_isa

#endif
