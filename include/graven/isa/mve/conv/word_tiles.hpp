// The matmul of Helium for int16 with int8 weights, as tiles.hpp has it for int8: VMLADAVA adds
// eight products to a general register; a loop takes four outputs on two pixels, or eight outputs
// on one. A tile's shape is in bytes of inputs, of which sixteen are a block.
#pragma once

#if defined(__ARM_FEATURE_MVE)

#include "graven/isa/mve/conv/tiles.hpp"

namespace graven::core::mve_isa {

// Read by the assembler below.
struct WordJob {
  std::int32_t step;   // two pixels: from an output pixel to the next; one: between two groups
  std::int32_t bytes;  // of one pixel's output
  std::int32_t low, high;
};
constexpr int word_group_bytes(TileShape shape) { return 32 + 2 * shape.taps(); }

// Eight words of q0 and q1 to their lower halfwords; r2 and r4 are overwritten.
#define GRAVEN_MVE_TILE_WORDS                                                                      \
  ".if %c[clamps] == 0\n"                                                                          \
  "vqmovnb.s32 q0, q0 ;      vqmovnb.s32 q1, q1\n"                                                 \
  ".else\n"                                                                                        \
  "vqmovnb.s32 q0, q0 ;      vqmovnt.s32 q0, q1\n"                                                 \
  "ldr r2, [sp, #4] ;        ldrd r2, r4, [r2, #8]\n"                                              \
  "vdup.16 q2, r2 ;          vmax.s16 q0, q0, q2\n"                                                \
  "vdup.16 q2, r4 ;          vmin.s16 q0, q0, q2\n"                                                \
  "vshr.u32 q1, q0, #16\n"                                                                         \
  ".endif\n"
#define GRAVEN_MVE_WORD_NUMBERS                                                                    \
  ::[pieces] "i"(shape.pieces), [full] "i"(shape.full), [tail] "i"(shape.tail),                    \
      [looped] "i"(shape.looped()), [clamps] "i"(clamps)

// Four outputs on two pixels; `whole`: there are no others. Stream, per four outputs o: (int32
// bias[o] if looped,) per piece and eight inputs: eight int8 weights of each output (at a piece's
// end, what is left of each); bias[o] if not looped; int32 factor[o].
//   r1 stream, r3 r5 outputs, r7 pieces, r9 r11 inputs; sums: r0 r2 r4 r6, and r8 r10 r12 lr
//   [sp] end of the first output, job
template <TileShape shape, bool whole, bool clamps>
GRAVEN_NAKED void two_word_pixels(const std::byte*, const Piece*, std::byte*, const WordJob*) {
  asm volatile(R"(
    .macro block mac step
    vldrb.s16 q2, [r1], #\step / 2 ;  vldrb.s16 q3, [r1], #\step / 2
    \mac\().s16 r0, q0, q2 ;  \mac\().s16 r8, q1, q2 ;   vldrb.s16 q2, [r1], #\step / 2
    \mac\().s16 r2, q0, q3 ;  \mac\().s16 r10, q1, q3 ;  vldrb.s16 q3, [r1], #\step / 2
    \mac\().s16 r4, q0, q2 ;  \mac\().s16 r12, q1, q2
    \mac\().s16 r6, q0, q3 ;  \mac\().s16 lr, q1, q3
    .endm
    .macro end_of_piece
    .if %c[tail]
    movs r0, %[tail] ;  vctp.8 r0
    .endif
    .endm
  )" GRAVEN_MVE_TWO_PIXELS R"(
    push {r4-r11, lr} ;  sub sp, #12
    ldrd r4, r5, [r3] ;  add r5, r2 ;  strd r5, r3, [sp]
    mov r7, r1 ;  mov r1, r0 ;  mov r3, r2 ;  add r5, r2, r4
    .if %c[whole]
    end_of_piece
    .endif
  1:
    .if %c[whole] == 0
    end_of_piece
    .endif
    .if %c[looped]
    ldrd r0, r2, [r1], #8 ;  ldrd r4, r6, [r1], #8
    mov r8, r0 ;  mov r10, r2 ;  mov r12, r4 ;  mov lr, r6
    .endif
  )" GRAVEN_MVE_TILE_SUMS("ldrd r9, r11,") R"(
    .if %c[looped] == 0
    vldrw.32 q2, [r1], #16 ;  vadd.i32 q0, q0, q2 ;  vadd.i32 q1, q1, q2
    .endif
    vldrw.32 q2, [r1], #16 ;  vrmulh.s32 q0, q0, q2 ;  vrmulh.s32 q1, q1, q2
  )" GRAVEN_MVE_TILE_WORDS R"(
    ldr r0, [sp]
    .if %c[whole]
    vstrh.32 q0, [r3], #8 ;   vstrh.32 q1, [r5], #8
    .else
    sub r2, r0, r3 ;  lsr r2, r2, #1 ;  vctp.32 r2
    vpstt ;  vstrht.32 q0, [r3], #8 ;  vstrht.32 q1, [r5], #8
    .endif
    cmp r3, r0
    blo.w 1b
    add sp, #12
    pop {r4-r11, pc}
    .purgem block ;  .purgem inputs ;  .purgem last_inputs ;  .purgem piece ;  .purgem end_of_piece
  )" GRAVEN_MVE_WORD_NUMBERS,
               [whole] "i"(whole));
}

// Eight outputs on one pixel: groups at r1 and r5, `step` bytes apart.
//   r3 output, r7 pieces, r9 input, r11 step
template <TileShape shape, bool clamps>
GRAVEN_NAKED void one_word_pixel(const std::byte*, const Piece*, std::byte*, const WordJob*) {
  asm volatile(R"(
    .macro block mac step
    vldrb.s16 q1, [r1], #\step / 2 ;  vldrb.s16 q2, [r1], #\step / 2 ;  \mac\().s16 r0, q0, q1
    vldrb.s16 q3, [r1], #\step / 2 ;  \mac\().s16 r2, q0, q2
    vldrb.s16 q1, [r1], #\step / 2 ;  \mac\().s16 r4, q0, q3
    vldrb.s16 q2, [r5], #\step / 2 ;  \mac\().s16 r6, q0, q1
    vldrb.s16 q3, [r5], #\step / 2 ;  \mac\().s16 r8, q0, q2
    vldrb.s16 q1, [r5], #\step / 2 ;  \mac\().s16 r10, q0, q3
    vldrb.s16 q2, [r5], #\step / 2 ;  \mac\().s16 r12, q0, q1
    \mac\().s16 lr, q0, q2
    .endm
  )" GRAVEN_MVE_ONE_PIXEL R"(
    push {r4-r11, lr} ;  sub sp, #12
    ldrd r11, r5, [r3] ;  add r5, r2 ;  strd r5, r3, [sp]
    mov r7, r1 ;  mov r1, r0 ;  mov r3, r2 ;  add r5, r1, r11
    .if %c[tail]
    movs r0, %[tail] ;  vctp.8 r0
    .endif
  1:
    .if %c[looped]
    ldrd r0, r2, [r1], #8 ;   ldrd r4, r6, [r1], #8
    ldrd r8, r10, [r5], #8 ;  ldrd r12, lr, [r5], #8
    .endif
  )" GRAVEN_MVE_TILE_SUMS("ldr r9,") R"(
    .if %c[looped] == 0
    vldrw.32 q2, [r1], #16 ;  vadd.i32 q0, q0, q2
    vldrw.32 q3, [r5], #16 ;  vadd.i32 q1, q1, q3
    .endif
    vldrw.32 q2, [r1], #16 ;  vrmulh.s32 q0, q0, q2
    vldrw.32 q3, [r5], #16 ;  vrmulh.s32 q1, q1, q3
  )" GRAVEN_MVE_TILE_WORDS R"(
    ldr r0, [sp]
    vstrh.32 q0, [r3], #8 ;   vstrh.32 q1, [r3], #8
    mov r1, r5 ;              add r5, r11
    cmp r3, r0
    bne.w 1b
    add sp, #12
    pop {r4-r11, pc}
    .purgem block ;  .purgem inputs ;  .purgem last_inputs ;  .purgem piece
  )" GRAVEN_MVE_WORD_NUMBERS);
}

}  // namespace graven::core::mve_isa

#endif
