// What all kernels of RV32IMC begin and end with, as macros for their assembler.
#pragma once

#if defined(__riscv_mul) && __riscv_xlen == 32

#include "graven/isa/shared/attributes.hpp"

namespace graven::core::rv32imc_isa {

// A frame of `bytes`: the first 52 keep the registers that a function must keep.
#define GRAVEN_RV32IMC_FRAME                                                                       \
  ".macro enter bytes\n"                                                                           \
  "addi sp, sp, -\\bytes\n"                                                                        \
  "sw ra, 0(sp) ;  sw s0, 4(sp) ;  sw s1, 8(sp) ;  sw s2, 12(sp) ;  sw s3, 16(sp)\n"               \
  "sw s4, 20(sp) ;  sw s5, 24(sp) ;  sw s6, 28(sp) ;  sw s7, 32(sp) ;  sw s8, 36(sp)\n"            \
  "sw s9, 40(sp) ;  sw s10, 44(sp) ;  sw s11, 48(sp)\n"                                            \
  ".endm\n"                                                                                        \
  ".macro leave bytes\n"                                                                           \
  "lw ra, 0(sp) ;  lw s0, 4(sp) ;  lw s1, 8(sp) ;  lw s2, 12(sp) ;  lw s3, 16(sp)\n"               \
  "lw s4, 20(sp) ;  lw s5, 24(sp) ;  lw s6, 28(sp) ;  lw s7, 32(sp) ;  lw s8, 36(sp)\n"            \
  "lw s9, 40(sp) ;  lw s10, 44(sp) ;  lw s11, 48(sp)\n"                                            \
  "addi sp, sp, \\bytes\n"                                                                         \
  "ret\n"                                                                                          \
  ".endm\n"

}  // namespace graven::core::rv32imc_isa

#endif
