// What all kernels of Armv6-M begin and end with, as macros for their assembler.
#pragma once

#if defined(__ARM_ARCH_6M__) || defined(__ARM_ARCH_8M_BASE__)

#include "graven/isa/shared/attributes.hpp"

namespace graven::core::armv6m_isa {

// Saves all registers that a function must keep, and restores them from where `enter` left sp.
#define GRAVEN_ARMV6M_FRAME                                                                        \
  ".syntax unified\n"                                                                              \
  ".macro enter\n"                                                                                 \
  "push {r4-r7, lr} ;  mov r4, r8 ;  mov r5, r9 ;  mov r6, r10 ;  mov r7, r11 ;  push {r4-r7}\n"   \
  ".endm\n"                                                                                        \
  ".macro leave\n"                                                                                 \
  "pop {r4-r7} ;  mov r8, r4 ;  mov r9, r5 ;  mov r10, r6 ;  mov r11, r7 ;  pop {r4-r7, pc}\n"     \
  ".endm\n"

}  // namespace graven::core::armv6m_isa

#endif
