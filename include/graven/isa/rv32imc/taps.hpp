// Depthwise convolution with filters of any size, channel by channel: the assembler of its tiles.
#pragma once

#if defined(__riscv_mul) && __riscv_xlen == 32

#include "graven/isa/rv32imc/frame.hpp"
#include "graven/isa/rv32imc/requantize.hpp"
#include "graven/isa/shared/tiled_depthwise.hpp"

namespace graven::core::rv32imc_isa {

// Behind a channel's weights, for the word that follows.
constexpr int padding_of(const TapRuns& runs) { return -runs.rows * runs.count * runs.length & 3; }

// A tile of up to ten outputs. Stream, per channel: word, weights, multiplier.
//   a0-a7 s10 s11 sums, the last output's first; s0-s9 inputs, the newest first; t0 weight, t1
//   product, t2 input, t3 stream, t4 pixel, t5 runs, t6 channel, ra end of runs; where no inputs
//   are shared s0 input of the first output, s1 input, s2 tap
//   sp+52: runs, word, c, out, channels, tap, low, out_step, span
template <TapRuns runs, bool relu> GRAVEN_NAKED void tile_taps(const DepthwiseTile*) {
  asm volatile(
      GRAVEN_RV32IMC_FRAME GRAVEN_RV32IMC_FINISH
      // Where runs share inputs, a column of the tile is loaded once: it serves output
      // after output, the last one first, while registers keep their contents and change their
      // places. The newest input is the last output's, whose sum is the first. `tap_class`: the
      // taps that share inputs with `first`; `lone_taps`: all, where none do.
      R"(
  .macro product n, sum, x
    .if %c[outputs] > \n ;  mul t1, \x, t0 ;  add \sum, \sum, t1 ;  .endif
  .endm
  .macro input to
    .if .Lstarted ;  add t2, t2, t4 ;  .endif
    lb \to, 0(t2)
    .set .Lstarted, 1
  .endm
  .macro taps k, a, b, c, d, e, f, g, h, i, j
    .if \k < %c[length]
    input \a
    .if .Lskip > 0
    .set .Lskip, .Lskip - 1
    taps \k, \j, \a, \b, \c, \d, \e, \f, \g, \h, \i
    .else
    .set .Lskip, %c[apart] - 1
    lb t0, \k(t3)
    product 9, s11, \j ;  product 8, s10, \i ;  product 7, a7, \h ;  product 6, a6, \g
    product 5, a5, \f ;  product 4, a4, \e ;  product 3, a3, \d ;  product 2, a2, \c
    product 1, a1, \b ;  product 0, a0, \a
    taps \k+%c[shared], \j, \a, \b, \c, \d, \e, \f, \g, \h, \i
    .endif
    .endif
  .endm
  .macro tap_class first
    .set .Lstarted, 0 ;  .set .Lskip, 0
    .irp n, 9, 8, 7, 6, 5, 4, 3, 2, 1
    .if %c[outputs] > \n ;  input s\n ;  .endif
    .endr
    taps \first, s0, s1, s2, s3, s4, s5, s6, s7, s8, s9
  .endm
  .macro lone_product n, sum
    .if %c[outputs] > \n ;  input s1 ;  product \n, \sum, s1 ;  .endif
  .endm
  .macro lone_taps k
    .if \k < %c[length]
    lb t0, \k(t3) ;  mv s0, t2
    .set .Lstarted, 0
    lone_product 9, s11 ;  lone_product 8, s10 ;  lone_product 7, a7 ;  lone_product 6, a6
    lone_product 5, a5 ;  lone_product 4, a4 ;  lone_product 3, a3 ;  lone_product 2, a2
    lone_product 1, a1 ;  lone_product 0, a0
    add t2, s0, s2
    lone_taps \k+1
    .endif
  .endm
  )"
      R"(
  .macro start n, sum
    .if %c[outputs] > \n ;  srai \sum, t0, 8 ;  .endif
  .endm
  .macro put n, sum
    .if %c[outputs] > \n
    finish \sum, s0, s1, s4 ;  sb \sum, 0(s2)
    .if \n ;  add s2, s2, s3 ;  .endif
    .endif
  .endm
    enter 96
    .irp at, 0, 12, 16, 20, 28, 40
    lw t0, \at(a0) ;  sw t0, 52+\at(sp)
    .endr
    lw t0, 32(a0) ;  lw t1, 36(a0) ;  sw t1, 52+24(sp)
    slli t1, t1, 1 ;  sub t0, t0, t1 ;  sw t0, 52+8(sp)
    lw ra, 4(a0) ;  lw t3, 8(a0) ;  lw t4, 24(a0) ;  li t6, 0
  1:
    lw t0, 0(t3) ;  addi t3, t3, 4 ;  lw t5, 52(sp) ;  sw t0, 52+4(sp)
    start 0, a0 ;  start 1, a1 ;  start 2, a2 ;  start 3, a3 ;  start 4, a4
    start 5, a5 ;  start 6, a6 ;  start 7, a7 ;  start 8, s10 ;  start 9, s11
    .if %c[shared] == 0 ;  lw s2, 52+20(sp) ;  .endif
  2:
    lw t2, 0(t5) ;  addi t5, t5, 4 ;  add t2, t2, t6
    .if %c[shared] == 0 ;  lone_taps 0 ;  .else ;  tap_class 0 ;  .endif
    .if %c[shared] == 2 && %c[length] > 1
    lw t2, -4(t5) ;  lw t0, 52+20(sp) ;  add t2, t2, t6 ;  add t2, t2, t0
    tap_class 1
    .endif
    addi t3, t3, %c[length] ;  bne t5, ra, 2b
    lw s0, %c[padding](t3) ;  addi t3, t3, %c[padding]+4
    lw t0, 52+4(sp) ;  lw s1, 52+8(sp) ;  sll s1, s1, t0 ;  addi s1, s1, 1 ;  addi t0, t0, 1
    lw s2, 52+12(sp) ;  lw s3, 52+28(sp) ;  lw t1, 52+40(sp) ;  lw t2, 52+24(sp)
    lw t5, 52+16(sp) ;  add s2, s2, t6 ;  addi t6, t6, 1
    put 9, s11 ;  put 8, s10 ;  put 7, a7 ;  put 6, a6 ;  put 5, a5
    put 4, a4 ;  put 3, a3 ;  put 2, a2 ;  put 1, a1 ;  put 0, a0
    bne t6, t5, 1b
    leave 96
  .purgem product ;  .purgem input ;  .purgem taps ;  .purgem tap_class
  .purgem lone_product ;  .purgem lone_taps ;  .purgem finish ;  .purgem start
  .purgem put
  .purgem enter ;  .purgem leave
  )" ::[outputs] "i"(runs.outputs),
      [length] "i"(runs.length), [shared] "i"(runs.shared), [padding] "i"(padding_of(runs)),
      [apart] "i"(runs.apart), [relu] "i"(relu ? 1 : 0));
}

// Packing chooses a program as in conv.hpp.
struct TileCore : ByteCopies<false> {
  enum Program { relu, any, general = -1 };
  using General = scalar_isa::Depthwise<scalar_isa::Int8>;
  static constexpr int most_outputs = 10, at_once = 1, copied_bytes = 2048;
  static constexpr int programs = 2, head_bytes = 4, tail_bytes = 4;

  static constexpr int padded(int bytes) { return (bytes + 3) / 4 * 4; }
  static constexpr int program_of(const GraphView& g, const Value& v, const Parameters& p) {
    return !is_fast(g, v, p, v.filter.area()) ? general : relu_like(v) ? relu : any;
  }
  static constexpr int run_bytes(int, int length) { return length; }
  template <TapRuns runs, class Weight>
  static constexpr void put_run(Writer& to, int, Weight weight) {
    for (int k = 0; k < runs.length; ++k) to.put(weight(0, k));
  }
  static constexpr void put_head(Writer& to, const Channel& c) { to.put(FastChannel::word(c)); }
  static constexpr void put_tail(Writer& to, const Channel& c) { to.put(c.multiplier.multiplier); }
  template <TapRuns runs, int program> static void tile(const DepthwiseTile* tile) {
    tile_taps<runs, program == relu>(tile);
  }
};

}  // namespace graven::core::rv32imc_isa

#endif
