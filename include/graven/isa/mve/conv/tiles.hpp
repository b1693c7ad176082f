// The matmul of Helium: VMLADAV(A) adds sixteen products to a general register. Weights come in
// groups of four outputs; a loop takes one group on two pixels, or two groups on one pixel, which
// fills the eight registers that VMLADAV can name.
//
// A pixel's inputs are `pieces` pieces of 16 * full + tail bytes, each in one piece of memory;
// nothing beyond them is read. Stream, per group of four outputs o: (bias[o] if looped,) per piece
// and 16 inputs: 16 weights of each output; bias[o] if not looped; int8 left shift[o] if the
// program is general; multiplier[o]; int8 right shift[o].
//
// Of weights of four bits, a byte holds two outputs', 16 * w1 + (w0 & 15): VSHL makes 16 * w0 of
// it, VSHR w1. Int8 shifts follow, which divide by 16 again, filled up to whole words: vector loads
// of words fault elsewhere (not in QEMU 7). Then always the biases.
#pragma once

#if defined(__ARM_FEATURE_MVE)

#include "graven/isa/mve/requantize.hpp"

namespace graven::core::mve_isa {

// Where a piece of two pixels' inputs starts. A list that is looped over ends with null pointers.
struct Piece {
  const std::byte* at[2];
};

// Read by the assembler below.
struct TileJob {
  std::int32_t step;  // two_pixels: from an output pixel to the next; one_pixel: between two groups
  std::int32_t bytes;  // of one pixel's output
  std::int32_t zero, low, high;
};

inline constexpr int most_pieces = 500;  // of what an immediate of SUBW reaches

struct TileShape {
  int pieces, full, tail;
  bool nibbles = false;  // weights of four bits

  constexpr int blocks() const { return full + (tail > 0 ? 1 : 0); }
  constexpr bool looped() const { return pieces * blocks() > 12; }
  constexpr int taps() const { return pieces * (16 * full + tail); }
  constexpr int shift_bytes() const { return nibbles ? 4 + 2 * taps() % 4 : 0; }
  constexpr int group_bytes(int program) const {
    return 36 + (program == general ? 4 : 0) + shift_bytes() + (nibbles ? 2 : 4) * taps();
  }
};

// What tiles share, in assembler, also those of int16 (word_tiles.hpp). A piece's products:
// `inputs` loads sixteen bytes of each pixel, `last_inputs` the last ones, `block`, which is the
// tile's own, multiplies them.
#define GRAVEN_MVE_TILE_PIECE                                                                      \
  ".macro piece mac\n"                                                                             \
  ".if %c[full]\n"                                                                                 \
  "inputs ;  block \\mac 16\n"                                                                     \
  ".rept %c[full] - 1\n"                                                                           \
  "inputs ;  block vmladava 16\n"                                                                  \
  ".endr\n"                                                                                        \
  ".endif\n"                                                                                       \
  ".if %c[tail]\n"                                                                                 \
  "last_inputs\n"                                                                                  \
  ".if %c[full] ;  block vmladava %c[tail] ;  .else ;  block \\mac %c[tail] ;  .endif\n"           \
  ".endif\n"                                                                                       \
  ".endm\n"
#define GRAVEN_MVE_TWO_PIXELS                                                                      \
  ".macro inputs ;  vldrb.8 q0, [r9], #16 ;  vldrb.8 q1, [r11], #16 ;  .endm\n"                    \
  ".macro last_inputs ;  vpstt ;  vldrbt.8 q0, [r9] ;  vldrbt.8 q1, [r11] ;  "                     \
  ".endm\n" GRAVEN_MVE_TILE_PIECE
#define GRAVEN_MVE_ONE_PIXEL                                                                       \
  ".macro inputs ;  vldrb.8 q0, [r9], #16 ;  .endm\n"                                              \
  ".macro last_inputs ;  vpst ;  vldrbt.8 q0, [r9] ;  .endm\n" GRAVEN_MVE_TILE_PIECE
// All pieces, of which `load` takes the pointers, then the eight sums to q0 and q1; if looped, they
// have begun.
#define GRAVEN_MVE_TILE_SUMS(load)                                                                 \
  ".if %c[looped]\n" load " [r7], #8\n"                                                            \
  "2: piece vmladava\n" load " [r7], #8\n"                                                         \
  "cmp r9, #0 ;  bne.w 2b\n"                                                                       \
  "subw r7, r7, %[pieces] * 8 + 8\n"                                                               \
  ".else\n" load " [r7]\n"                                                                         \
  "piece vmladav\n"                                                                                \
  ".if %c[pieces] > 1\n"                                                                           \
  ".rept %c[pieces] - 1\n" load " [r7, #8]!\n"                                                     \
  "piece vmladava\n"                                                                               \
  ".endr\n"                                                                                        \
  "subw r7, r7, %[pieces] * 8 - 8\n"                                                               \
  ".endif\n"                                                                                       \
  ".endif\n"                                                                                       \
  "vmov q0[2], q0[0], r0, r4 ;   vmov q0[3], q0[1], r2, r6\n"                                      \
  "vmov q1[2], q1[0], r8, r12 ;  vmov q1[3], q1[1], r10, lr\n"
// Eight words of q0 and q1, rounded, to bytes in the halfwords of q0; r0 becomes the end.
#define GRAVEN_MVE_TILE_BYTES                                                                      \
  "ldrd r0, r2, [sp]\n"                                                                            \
  "vqmovnb.s32 q0, q0 ;      vqmovnt.s32 q0, q1\n"                                                 \
  "vqadd.s16 q0, q0, r2 ;    vqmovnb.s16 q0, q0\n"                                                 \
  ".if %c[program] == %c[general]\n"                                                               \
  "ldr r2, [sp, #8] ;        ldrd r2, r4, [r2, #12]\n"                                             \
  "vdup.8 q2, r2 ;           vmax.s8 q0, q0, q2\n"                                                 \
  "vdup.8 q2, r4 ;           vmin.s8 q0, q0, q2\n"                                                 \
  ".endif\n"
#define GRAVEN_MVE_TILE_NUMBERS                                                                    \
  ::[pieces] "i"(shape.pieces), [full] "i"(shape.full), [tail] "i"(shape.tail),                    \
      [looped] "i"(shape.looped()), [nibbles] "i"(shape.nibbles),                                  \
      [shifts] "i"(shape.shift_bytes()), [program] "i"(program), [general] "i"(general),           \
      [shifted] "i"(shifted)

// Four outputs on two pixels.
//   r1 stream, r3 r5 outputs, r7 pieces, r9 r11 inputs; sums: r0 r2 r4 r6, and r8 r10 r12 lr
//   [sp] end of the first output, zero point, job
template <TileShape shape, int program>
GRAVEN_NAKED void two_pixels(const std::byte*, const Piece*, std::byte*, const TileJob*) {
  asm volatile(R"(
    .macro block mac step
    .if %c[nibbles]
    vldrb.8 q2, [r1], #\step ;     vshl.i8 q3, q2, #4 ;  vshr.s8 q2, q2, #4
    \mac\().s8 r0, q0, q3 ;  \mac\().s8 r8, q1, q3
    \mac\().s8 r2, q0, q2 ;  \mac\().s8 r10, q1, q2
    vldrb.8 q2, [r1], #\step ;     vshl.i8 q3, q2, #4 ;  vshr.s8 q2, q2, #4
    \mac\().s8 r4, q0, q3 ;  \mac\().s8 r12, q1, q3
    \mac\().s8 r6, q0, q2 ;  \mac\().s8 lr, q1, q2
    .else
    vldrb.8 q2, [r1], #\step ;     vldrb.8 q3, [r1], #\step
    \mac\().s8 r0, q0, q2 ;  \mac\().s8 r8, q1, q2 ;   vldrb.8 q2, [r1], #\step
    \mac\().s8 r2, q0, q3 ;  \mac\().s8 r10, q1, q3 ;  vldrb.8 q3, [r1], #\step
    \mac\().s8 r4, q0, q2 ;  \mac\().s8 r12, q1, q2
    \mac\().s8 r6, q0, q3 ;  \mac\().s8 lr, q1, q3
    .endif
    .endm
  )" GRAVEN_MVE_TWO_PIXELS R"(

    push {r4-r11, lr} ;  sub sp, #12
    ldrd r4, r5, [r3] ;  ldr r6, [r3, #8]
    add r5, r2
    strd r5, r6, [sp] ;  str r3, [sp, #8]
    mov r7, r1 ;  mov r1, r0 ;  mov r3, r2 ;  add r5, r2, r4
    .if %c[tail]
    movs r0, %[tail] ;  vctp.8 r0
    .endif
  1:
    .if %c[looped]
    .if %c[nibbles]
    mov r0, #0 ;  mov r2, #0 ;  mov r4, #0 ;  mov r6, #0
    .else
    ldrd r0, r2, [r1], #8 ;  ldrd r4, r6, [r1], #8
    .endif
    mov r8, r0 ;  mov r10, r2 ;  mov r12, r4 ;  mov lr, r6
    .endif
  )" GRAVEN_MVE_TILE_SUMS("ldrd r9, r11,") R"(
    .if %c[nibbles]
    vldrb.s32 q2, [r1], #%c[shifts] ;  vshl.s32 q0, q0, q2 ;  vshl.s32 q1, q1, q2
    .endif
    .if %c[nibbles] || !%c[looped]
    vldrw.32 q2, [r1], #16 ;  vadd.i32 q0, q0, q2 ;  vadd.i32 q1, q1, q2
    .endif
    .if %c[program] == %c[general]
    vldrb.s32 q2, [r1], #4 ;  vshl.s32 q0, q0, q2 ;  vshl.s32 q1, q1, q2
    .endif
    vldrw.32 q2, [r1], #16 ;  vqrdmulh.s32 q0, q0, q2 ;  vqrdmulh.s32 q1, q1, q2
    vldrb.s32 q3, [r1], #4
    .if %c[program] == %c[general]
    vand q2, q0, q3 ;         vshr.s32 q2, q2, #31 ;  vadd.i32 q0, q0, q2
    vand q2, q1, q3 ;         vshr.s32 q2, q2, #31 ;  vadd.i32 q1, q1, q2
    .elseif %c[program] == %c[shifted]
    vshr.s32 q2, q0, #31 ;    vadd.i32 q0, q0, q2
    vshr.s32 q2, q1, #31 ;    vadd.i32 q1, q1, q2
    .endif
    vrshl.s32 q0, q0, q3 ;    vrshl.s32 q1, q1, q3
  )" GRAVEN_MVE_TILE_BYTES R"(
    vstrb.32 q0, [r3], #4 ;   vshr.u32 q0, q0, #16
    vstrb.32 q0, [r5], #4
    cmp r3, r0
    bne.w 1b
    add sp, #12
    pop {r4-r11, pc}
    .purgem block
    .purgem piece ;  .purgem inputs ;  .purgem last_inputs
  )" GRAVEN_MVE_TILE_NUMBERS);
}

// Eight outputs on one pixel: groups at r1 and r5, `step` bytes apart.
//   r3 output, r7 pieces, r9 input, r11 step
template <TileShape shape, int program>
GRAVEN_NAKED void one_pixel(const std::byte*, const Piece*, std::byte*, const TileJob*) {
  asm volatile(R"(
    .macro two mac from a b step
    vldrb.8 q1, [\from], #\step ;  vshl.i8 q2, q1, #4 ;  vshr.s8 q1, q1, #4
    \mac\().s8 \a, q0, q2 ;  \mac\().s8 \b, q0, q1
    .endm
    .macro block mac step
    .if %c[nibbles]
    two \mac, r1, r0, r2, \step
    two \mac, r1, r4, r6, \step
    two \mac, r5, r8, r10, \step
    two \mac, r5, r12, lr, \step
    .else
    vldrb.8 q1, [r1], #\step ;  vldrb.8 q2, [r1], #\step ;  \mac\().s8 r0, q0, q1
    vldrb.8 q3, [r1], #\step ;  \mac\().s8 r2, q0, q2
    vldrb.8 q1, [r1], #\step ;  \mac\().s8 r4, q0, q3
    vldrb.8 q2, [r5], #\step ;  \mac\().s8 r6, q0, q1
    vldrb.8 q3, [r5], #\step ;  \mac\().s8 r8, q0, q2
    vldrb.8 q1, [r5], #\step ;  \mac\().s8 r10, q0, q3
    vldrb.8 q2, [r5], #\step ;  \mac\().s8 r12, q0, q1
    \mac\().s8 lr, q0, q2
    .endif
    .endm
  )" GRAVEN_MVE_ONE_PIXEL R"(

    push {r4-r11, lr} ;  sub sp, #12
    ldrd r11, r5, [r3] ;  ldr r6, [r3, #8]
    add r5, r2
    strd r5, r6, [sp] ;  str r3, [sp, #8]
    mov r7, r1 ;  mov r1, r0 ;  mov r3, r2 ;  add r5, r1, r11
    .if %c[tail]
    movs r0, %[tail] ;  vctp.8 r0
    .endif
  1:
    .if %c[looped]
    .if %c[nibbles]
    mov r0, #0 ;  mov r2, #0 ;  mov r4, #0 ;   mov r6, #0
    mov r8, #0 ;  mov r10, #0 ;  mov r12, #0 ;  mov lr, #0
    .else
    ldrd r0, r2, [r1], #8 ;   ldrd r4, r6, [r1], #8
    ldrd r8, r10, [r5], #8 ;  ldrd r12, lr, [r5], #8
    .endif
    .endif
  )" GRAVEN_MVE_TILE_SUMS("ldr r9,") R"(
    .if %c[nibbles]
    vldrb.s32 q2, [r1], #%c[shifts] ;  vshl.s32 q0, q0, q2
    vldrb.s32 q3, [r5], #%c[shifts] ;  vshl.s32 q1, q1, q3
    .endif
    .if %c[nibbles] || !%c[looped]
    vldrw.32 q2, [r1], #16 ;  vadd.i32 q0, q0, q2
    vldrw.32 q3, [r5], #16 ;  vadd.i32 q1, q1, q3
    .endif
    .if %c[program] == %c[general]
    vldrb.s32 q2, [r1], #4 ;  vshl.s32 q0, q0, q2
    vldrb.s32 q3, [r5], #4 ;  vshl.s32 q1, q1, q3
    .endif
    vldrw.32 q2, [r1], #16 ;  vqrdmulh.s32 q0, q0, q2
    vldrw.32 q3, [r5], #16 ;  vqrdmulh.s32 q1, q1, q3
    .if %c[program] == %c[general]
    vldrb.s32 q3, [r1] ;      vand q2, q0, q3 ;  vshr.s32 q2, q2, #31 ;  vadd.i32 q0, q0, q2
    vldrb.s32 q3, [r5] ;      vand q2, q1, q3 ;  vshr.s32 q2, q2, #31 ;  vadd.i32 q1, q1, q2
    .elseif %c[program] == %c[shifted]
    vshr.s32 q2, q0, #31 ;    vadd.i32 q0, q0, q2
    vshr.s32 q3, q1, #31 ;    vadd.i32 q1, q1, q3
    .endif
    vldrb.s32 q2, [r1], #4 ;  vrshl.s32 q0, q0, q2
    vldrb.s32 q3, [r5], #4 ;  vrshl.s32 q1, q1, q3
  )" GRAVEN_MVE_TILE_BYTES R"(
    vstrb.32 q0, [r3], #4 ;   vshr.u32 q0, q0, #16
    vstrb.32 q0, [r3], #4
    mov r1, r5 ;              add r5, r11
    cmp r3, r0
    bne.w 1b
    add sp, #12
    pop {r4-r11, pc}
    .purgem two
    .purgem block
    .purgem piece ;  .purgem inputs ;  .purgem last_inputs
  )" GRAVEN_MVE_TILE_NUMBERS);
}

}  // namespace graven::core::mve_isa

#endif
