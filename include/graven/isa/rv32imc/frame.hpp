// What all kernels of RV32IMC begin and end with, as macros for their assembler.
#pragma once

#if defined(__riscv_mul) && __riscv_xlen == 32

namespace graven::core::rv32imc_isa {

// A frame of `bytes`: the first 52 keep the registers that a function must keep.
[[gnu::always_inline]] inline void define_frame() {
  asm volatile(R"(
  .macro enter bytes
    addi sp, sp, -\bytes
    sw ra, 0(sp) ;  sw s0, 4(sp) ;  sw s1, 8(sp) ;  sw s2, 12(sp) ;  sw s3, 16(sp)
    sw s4, 20(sp) ;  sw s5, 24(sp) ;  sw s6, 28(sp) ;  sw s7, 32(sp) ;  sw s8, 36(sp)
    sw s9, 40(sp) ;  sw s10, 44(sp) ;  sw s11, 48(sp)
  .endm
  .macro leave bytes
    lw ra, 0(sp) ;  lw s0, 4(sp) ;  lw s1, 8(sp) ;  lw s2, 12(sp) ;  lw s3, 16(sp)
    lw s4, 20(sp) ;  lw s5, 24(sp) ;  lw s6, 28(sp) ;  lw s7, 32(sp) ;  lw s8, 36(sp)
    lw s9, 40(sp) ;  lw s10, 44(sp) ;  lw s11, 48(sp)
    addi sp, sp, \bytes
    ret
  .endm
  )" ::);
}

}  // namespace graven::core::rv32imc_isa

#endif
