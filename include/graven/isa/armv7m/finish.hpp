// From sums to bytes on Armv7-M, as a macro for the assembler of all kernels.
#pragma once

#if defined(__thumb2__)

#include "graven/isa/shared/attributes.hpp"

namespace graven::core::armv7m_isa {

// A sum becomes a byte (kept in `high`), by
//   saturate((round(sum * 2 * multiplier / 2^32) + c + (sum < 0 ? -1 : 0)) >> e)
// with c = (2 * zero_point + 1) << (e - 1): the half to round with, and the zero point. The low
// byte of `word` is e - 1.
#define GRAVEN_ARMV7M_FINISH                                                                       \
  ".macro finish sum, multiplier, word, c, low, high\n"                                            \
  "add \\high, \\c, \\sum, asr #31 ;  mov \\low, #0x80000000 ;  lsl \\sum, \\sum, #1\n"            \
  "smlal \\low, \\high, \\sum, \\multiplier\n"                                                     \
  "asr \\high, \\high, \\word ;  ssat \\high, #8, \\high, asr #1\n"                                \
  ".endm\n"

}  // namespace graven::core::armv7m_isa

#endif
