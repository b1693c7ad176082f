// Depthwise 3x3 on planar rows: channel by channel, biased by 128 so that the zero point -128 of a
// ReLU is 0, with one zero before each channel and after the last. Neighbouring columns of a
// channel lie side by side, as SMLAD wants them.
#pragma once

#if defined(__ARM_FEATURE_SIMD32) && defined(__thumb2__)

#include "graven/isa/armv7em/pairs.hpp"

namespace graven::armv7em_isa {

constexpr RowForm planar_rows(Shape shape) {
  const int pitch = shape.width + 1, slack = 4;  // words are read from any byte
  return {Layout::planar, Element::int8, true, 1, pitch, 1, shape.channels * pitch + slack};
}

// What a row of the kernel needs. Read by the assembler below.
struct PlanarStep {
  const std::byte *top, *middle, *bottom;  // top and bottom may be missing
  const std::byte* stream;
  std::byte* out;
  std::int32_t pixel_step, twice_zero;
  std::int32_t tiles, gap;  // gap: bytes from the end of a channel's tiles to the next channel
};

// All channels of a row of outputs, `outputs` (1 to 6) at a time. `advance`: input bytes per tile.
// Stream, per channel: its word and multiplier, then three bytes for the middle, top and bottom row
// of the filter, each in a word. A word 0x80000000 ends it.
//   r0-r2 rows, r3 stream, r4-r9 sums, r10 weights 0 and 2, r11 weight 1, r12 lr inputs
//   [sp] out, pixel_step, twice_zero, tiles, gap, tiles left, out of the channel
template <int outputs, int stride, int advance, bool one_tile>
[[gnu::naked, gnu::noinline]] void depthwise3(const PlanarStep*) {
  asm volatile(R"(
  .macro inputs2 p, at
    ldr r12, [\p, #\at] ;  uxtb16 lr, r12, ror #8 ;  uxtb16 r12, r12
  .endm
  .macro row p, at, b0, b1, b2, b3, b4, b5
    ldr r11, [r3, #\at] ;  sxtb16 r10, r11 ;  sxtb16 r11, r11, ror #8
    inputs2 \p, 0
    smlad r4, r12, r10, \b0 ;  smlabb r4, lr, r11, r4
    .if %c1 == 1
    .if %c0 > 1 ;  smlad r5, lr, r10, \b1 ;  smlatb r5, r12, r11, r5 ;  .endif
    .if %c0 > 2 ;  ldr r12, [\p, #2] ;  uxtb16 r12, r12
    smlad r6, r12, r10, \b2 ;  smlatb r6, lr, r11, r6 ;  .endif
    .if %c0 > 3 ;  ldr lr, [\p, #3] ;  uxtb16 lr, lr
    smlad r7, lr, r10, \b3 ;  smlatb r7, r12, r11, r7 ;  .endif
    .if %c0 > 4 ;  ldr r12, [\p, #4] ;  uxtb16 r12, r12
    smlad r8, r12, r10, \b4 ;  smlatb r8, lr, r11, r8 ;  .endif
    .if %c0 > 5 ;  ldr lr, [\p, #5] ;  uxtb16 lr, lr
    smlad r9, lr, r10, \b5 ;  smlatb r9, r12, r11, r9 ;  .endif
    .else
    .if %c0 > 1 ;  ldr r12, [\p, #2] ;  uxtb16 r12, r12
    smlad r5, r12, r10, \b1 ;  smlatb r5, lr, r11, r5 ;  .endif
    .if %c0 > 2 ;  inputs2 \p, 4
    smlad r6, r12, r10, \b2 ;  smlabb r6, lr, r11, r6 ;  .endif
    .if %c0 > 3 ;  ldr r12, [\p, #6] ;  uxtb16 r12, r12
    smlad r7, r12, r10, \b3 ;  smlatb r7, lr, r11, r7 ;  .endif
    .if %c0 > 4 ;  inputs2 \p, 8
    smlad r8, r12, r10, \b4 ;  smlabb r8, lr, r11, r8 ;  .endif
    .if %c0 > 5 ;  ldr r12, [\p, #10] ;  uxtb16 r12, r12
    smlad r9, r12, r10, \b5 ;  smlatb r9, lr, r11, r9 ;  .endif
    .endif
    add \p, #%c2
  .endm
  )" ::"i"(outputs), "i"(stride), "i"(advance), "i"(one_tile));
}

}  // namespace graven::armv7em_isa

#endif
