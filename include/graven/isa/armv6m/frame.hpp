// What all kernels of Armv6-M begin and end with, as macros for their assembler.
#pragma once

#if defined(__ARM_ARCH_6M__) || defined(__ARM_ARCH_8M_BASE__)

namespace graven::core::armv6m_isa {

// Saves all registers that a function must keep, and restores them from where `enter` left sp.
[[gnu::always_inline]] inline void define_frame() {
  asm volatile(R"(
  .syntax unified
  .macro enter
    push {r4-r7, lr} ;  mov r4, r8 ;  mov r5, r9 ;  mov r6, r10 ;  mov r7, r11 ;  push {r4-r7}
  .endm
  .macro leave
    pop {r4-r7} ;  mov r8, r4 ;  mov r9, r5 ;  mov r10, r6 ;  mov r11, r7 ;  pop {r4-r7, pc}
  .endm
  )" ::);
}

}  // namespace graven::core::armv6m_isa

#endif
