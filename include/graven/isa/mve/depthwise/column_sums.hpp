// The assembler of columns.hpp: columns of a channel's rows, copied to scratch, times its weights.
#pragma once

#if defined(__ARM_FEATURE_MVE)

#include "graven/isa/mve/requantize.hpp"

namespace graven::core::mve_isa {

// What a vector of sixteen bytes of a window is multiplied by: sixteen weights of eight or of four
// bits, or, of int16, eight of eight bits.
enum class Taps { bytes, nibbles, words };

// Read by the assembler below, which counts `channel` and `channels`.
struct ColumnsJob {
  const std::byte* const* rows;  // those that exist
  std::int32_t row_count, columns;
  std::int32_t lanes;                // columns that are copied at a time
  std::int32_t channel;              // of the input
  std::byte* to;                     // where the first element goes
  std::int32_t lanes_step, to_step;  // from `lanes` columns to the next
  const std::byte* windows;
  std::int32_t window_step;
  std::byte* out;
  std::int32_t out_step;  // four pixels
  const std::byte* stream;
  std::int32_t zero, pixels;
  std::int32_t tail;  // bytes of weights that are in the last vector
  std::int32_t channels, multiplier;
  std::int32_t low, high;
  std::int32_t in_pixel, height, out_pixel;  // bytes of a pixel, a column, an output pixel
};

// vectors: of sixteen bytes, in a window. far: offsets are of 16 bits, and columns copied by
// eights. With words the programs but `general` are one: sums times a factor, and no zero points.
//   q1-q6 weights; stack: offsets of the input's columns, of the copied ones, of output pixels;
//   job; outputs that are left of the input channel; left shift
template <int program, int vectors, bool far, Taps taps> GRAVEN_NAKED void columns(ColumnsJob*) {
  asm volatile(
      R"(
    .macro window sum
    .irp n, 1, 2, 3, 4, 5, 6
    .if \n <= %c[vectors]
    vldrb.8 q0, [r1, #16*\n-16]
    .if \n == 1
    vmladav.s%c[bits] \sum, q0, q1
    .else
    vmladava.s%c[bits] \sum, q0, q\n
    .endif
    .endif
    .endr
    add r1, r3
    .endm
    .macro load_weights predicated from bytes
    .irp n, 1, 2, 3, 4, 5, 6
    .if \n < %c[vectors]
    vldrb.\from q\n, [r2], #\bytes
    .endif
    .endr
    vctp.\predicated r4
    vpst
    vldrbt.\from q%c[vectors], [r2]
    add r2, r4
    .if %c[nibbles]
    .irp n, 1, 2, 3, 4, 5, 6
    .if \n <= %c[vectors]
    vshl.i16 q0, q\n, #4 ;  vsli.16 q0, q\n, #8 ;  vshr.s8 q\n, q0, #4
    .endif
    .endr
    .endif
    .endm
    .macro copy_columns lanes size from to
    vctp.\lanes r9
    mov r10, r1 ;  mov r11, r6 ;  dls lr, r2
  1:
    ldr r12, [r10], #4 ;  add r12, r5
    vpstt
    vldr\size\()t.\from q0, [r12, q6]
    vstr\size\()t.\to q0, [r11, q7]
    add r11, #%c[element]
    le lr, 1b
    .endm
    .macro multiples to of size
    movs r2, #0
    vidup.u\size q0, r2, #1 ;  vmul.i\size q0, q0, \of
    vstrw.32 q0, [sp, #\to]
    .endm

    push {r4-r11, lr}
    vpush {d8-d15}
    sub sp, #64
    str r0, [sp, #48]
    ldr r1, [r0, #80] ;  ldr r3, [r0, #84] ;  ldr r4, [r0, #88]
    .if %c[far]
    multiples 0, r1, 16 ;  multiples 16, r3, 16
    .else
    multiples 0, r1, 8 ;  multiples 16, r3, 8
    .endif
    multiples 32, r4, 32
  2:
    ldm r0, {r1-r8}
    add r9, r5, #%c[element] ;  str r9, [r0, #16]
    vldrw.32 q6, [sp] ;  vldrw.32 q7, [sp, #16]
    cbz r2, 4f
  3:
    cmp r3, r4 ;  csel r9, r3, r4, lt
    .if %c[words]
    copy_columns 16, h, u16, 16
    .elseif %c[far]
    copy_columns 16, b, u16, 16
    .else
    copy_columns 8, b, u8, 8
    .endif
    add r5, r7 ;  add r6, r8
    subs r3, r4
    bgt 3b
  4:
    ldr r4, [r0, #68]
  5:
    str r4, [sp, #52]
    ldrd r1, r3, [r0, #32] ;  ldrd r5, r7, [r0, #40]
    ldr r2, [r0, #48] ;  ldrd r11, r12, [r0, #52] ;  ldr r4, [r0, #60]
    add r6, r5, #%c[element] ;  str r6, [r0, #40]
    ldr r8, [r2], #4 ;  ldr r9, [r2], #4
    .ifeq %c[words]
    ldrsb r10, [r2], #1
    .endif
    .if %c[program] == %c[general] && !%c[words]
    bic r6, r10, r10, asr #31 ;  str r6, [sp, #56]
    and r10, r10, r10, asr #31
    .endif
    .if %c[words]
    load_weights 16, s16, 8
    .elseif %c[nibbles]
    load_weights 16, u16, 8
    .else
    load_weights 8, 8, 16
    .endif
    str r2, [r0, #48]
    add r4, r12, #3 ;  lsr r4, #2
    dls lr, r4
  1:
    window r0
    window r2
    window r4
    window r6
    vmov q0[2], q0[0], r0, r4 ;  vmov q0[3], q0[1], r2, r6
    vadd.i32 q0, q0, r8
    .if %c[words]
    vdup.32 q7, r9 ;  vrmulh.s32 q0, q0, q7
    .else
    .if %c[program] == %c[general]
    ldr r0, [sp, #56] ;  vshl.s32 q0, r0
    .endif
    vqrdmulh.s32 q0, q0, r9
    .if %c[program] == %c[general]
    vdup.32 q7, r10 ;  vand q7, q7, q0 ;  vshr.s32 q7, q7, #31 ;  vadd.i32 q0, q0, q7
    .elseif %c[program] == %c[shifted]
    vshr.s32 q7, q0, #31 ;  vadd.i32 q0, q0, q7
    .endif
    vrshl.s32 q0, r10
    vqadd.s32 q0, q0, r11
    .endif
    .if %c[program] == %c[general]
    ldr r0, [sp, #48] ;  ldrd r2, r4, [r0, #72]
    vdup.32 q7, r2 ;  vmax.s32 q0, q0, q7
    vdup.32 q7, r4 ;  vmin.s32 q0, q0, q7
    .else
    vqmovnb.s32 q0, q0
    .ifeq %c[words]
    vqmovnb.s16 q0, q0
    .endif
    .endif
    vldrw.32 q7, [sp, #32]
    vctp.32 r12
    vpst
    .if %c[words]
    vstrht.32 q0, [r5, q7]
    .else
    vstrbt.32 q0, [r5, q7]
    .endif
    add r5, r7 ;  sub r12, #4
    le lr, 1b
    ldr r0, [sp, #48]
    ldr r4, [r0, #64] ;  subs r4, #1 ;  str r4, [r0, #64]
    beq 6f
    ldr r4, [sp, #52] ;  subs r4, #1
    bne 5b
    b 2b
  6:
    add sp, #64
    vpop {d8-d15}
    pop {r4-r11, pc}
    .purgem window
    .purgem load_weights
    .purgem copy_columns
    .purgem multiples
  )" ::[program] "i"(program),
      [vectors] "i"(vectors), [far] "i"(far), [nibbles] "i"(taps == Taps::nibbles),
      [words] "i"(taps == Taps::words), [bits] "i"(taps == Taps::words ? 16 : 8),
      [element] "i"(taps == Taps::words ? 2 : 1), [general] "i"(general), [shifted] "i"(shifted));
}

}  // namespace graven::core::mve_isa

#endif
