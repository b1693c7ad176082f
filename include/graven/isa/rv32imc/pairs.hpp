// Two pixels per word: X = x0 + 65536 * x1. X * w adds both pixels' products in one multiplication;
// as long as neither sum leaves 16 bits they come apart again. Inputs are int8, so a run of weights
// whose magnitudes add up to 255 at most, a chunk, is safe, whatever the inputs.
//
// A tile is the patches of up to six pixels in pairs: tap by tap a word for each pair.
// All outputs of a tile are made two at a time. Their weights: per chunk a byte 16 * taps, then the
// weights of both outputs, tap by tap; a zero byte ends the pair of outputs.
#pragma once

#if defined(__riscv_mul) && __riscv_xlen == 32

#include "graven/isa/rv32imc/frame.hpp"
#include "graven/isa/rv32imc/requantize.hpp"

namespace graven::core::rv32imc_isa {

inline constexpr int longest_chunk = 12;  // taps

// ---- packing: two outputs' weights; the second output may not exist ---------------------------

struct TwoOutputs {
  const std::int8_t* low;
  Address<std::int8_t> high;  // null: no second output
  int step, taps;

  constexpr TwoOutputs(const FilterLayout& layout, const Parameters& p, int output)
      : low(p.filter.int8 + layout.index(output, 0)),
        high(output + 1 < layout.outputs ? p.filter.int8 + layout.index(output + 1, 0) : nullptr),
        step(layout.tap_step), taps(layout.taps) {}

  constexpr int bytes(int chunks) const { return 2 * taps + chunks + 1; }
  // Returns the number of chunks.
  constexpr int put(Writer& to) const {
    int chunks = 0, sum_a = 0, sum_b = 0, length = longest_chunk;
    int header = -1;
    for (int k = 0; k < taps; ++k, ++length) {
      const std::int8_t a = low[k * step], b = high != nullptr ? high[k * step] : std::int8_t{0};
      sum_a += a < 0 ? -a : a;
      sum_b += b < 0 ? -b : b;
      if (length == longest_chunk || sum_a > 255 || sum_b > 255) {
        if (header >= 0) to.put_byte(header, static_cast<std::byte>(16 * length));
        header = to.at++;
        sum_a = a < 0 ? -a : a;
        sum_b = b < 0 ? -b : b;
        length = 0;
        ++chunks;
      }
      to.put(a);
      to.put(b);
    }
    to.put_byte(header, static_cast<std::byte>(16 * length));
    to.put(std::int8_t{0});
    return chunks;
  }
};

// Two channels' words, two multipliers, chunks << 15. Bit 7 of the second word: it exists.
struct PairRecord {
  static constexpr int bytes = 20;
  static constexpr std::int32_t exists = 0x80;

  static constexpr void put(Writer& to, const Channel& a, const Channel& b, bool two, int chunks) {
    to.put(FastChannel::word(a));
    to.put(FastChannel::word(b) | (two ? exists : 0));
    to.put(a.multiplier.multiplier);
    to.put(b.multiplier.multiplier);
    to.put(static_cast<std::int32_t>(chunks) << 15);
  }
};

// ---- a tile times all filters -----------------------------------------------------------------

// Read by the assembler below.
struct PairLoop {
  const std::byte* records;
  const std::byte* end;     // of the records
  std::int32_t pixel_step;  // bytes from an output pixel to the next
  std::int32_t last_step;   // to the last of the tile; 0: it is the one before it once more
  std::int32_t twice_zero, low, span;  // Range
};

// What the sums of a chunk start with, 32768, makes the upper half exact by a shift. Sums: `all` is
// the chunks added up, modulo 2^32; `high` their upper halves; the difference is the lower pixel's.
//   a0 weights, a1 tile, a2 32768, a3 jump table, a4 records, a5 a weight, a7 t0 t1 inputs
//   t2-t4 t5 t6 ra chunk, s0-s5 all, s6-s11 high, of both outputs
//   sp+52: tile, out, pixel_step, last_step, twice_zero, low, span, end
template <int pairs, bool relu>
GRAVEN_NAKED void multiply_pairs(const std::byte*, const std::byte*, std::byte*, const PairLoop*) {
  asm volatile(
      GRAVEN_RV32IMC_FRAME GRAVEN_RV32IMC_FINISH
      // tap `i` before the pointers; a chunk's first tap; the end of a chunk.
      R"(
  .macro products first, p, q, r
    .if \first
    mul \p, a5, a7 ;  add \p, \p, a2
    .if %c[pairs] > 1 ;  mul \q, a5, t0 ;  add \q, \q, a2 ;  .endif
    .if %c[pairs] > 2 ;  mul \r, a5, t1 ;  add \r, \r, a2 ;  .endif
    .else
    mul a6, a5, a7 ;  add \p, \p, a6
    .if %c[pairs] > 1 ;  mul a6, a5, t0 ;  add \q, \q, a6 ;  .endif
    .if %c[pairs] > 2 ;  mul a6, a5, t1 ;  add \r, \r, a6 ;  .endif
    .endif
  .endm
  .macro tap first, x, w
    lb a5, \w(a0) ;  lw a7, \x(a1)
    .if %c[pairs] > 1 ;  lw t0, 4+\x(a1) ;  .endif
    .if %c[pairs] > 2 ;  lw t1, 8+\x(a1) ;  .endif
    products \first, t2, t3, t4
    lb a5, 1+\w(a0)
    products \first, t5, t6, ra
  .endm
  .macro split chunk, all, high
    srai a6, \chunk, 16 ;  add \all, \all, \chunk ;  add \high, \high, a6
  .endm
  .macro start word, p, q, r, hp, hq, hr
    lw a5, \word(a4) ;  srai \hp, a5, 8
    slli \p, \hp, 16 ;  add \p, \p, \hp ;  sub \p, \p, a6
    .if %c[pairs] > 1 ;  mv \q, \p ;  mv \hq, \hp ;  .endif
    .if %c[pairs] > 2 ;  mv \r, \p ;  mv \hr, \hp ;  .endif
  .endm
  )"
      // From sums to bytes: a5 multiplier, a7 c, t0 shift, t1 span, t2 low, a1 out, t5 pixel_step.
      R"(
  .macro put acc
    finish \acc, a5, a7, a6 ;  sb \acc, 0(a1)
  .endm
  .macro both all, high, step
    slli a6, \high, 16 ;  sub \all, \all, a6
    put \all ;  add a1, a1, \step ;  put \high
  .endm
  .macro output word, p, q, r, hp, hq, hr
    lw a6, \word(a4) ;  lw a5, 8+\word(a4) ;  lw a7, 68(sp)
    sll a7, a7, a6 ;  addi a7, a7, 1 ;  addi t0, a6, 1
    .if %c[pairs] > 1 ;  both \p, \hp, t5 ;  add a1, a1, t5 ;  .else ;  both \p, \hp, t6 ;  .endif
    .if %c[pairs] > 2 ;  both \q, \hq, t5 ;  add a1, a1, t5 ;  both \r, \hr, t6 ;  .endif
    .if %c[pairs] == 2 ;  both \q, \hq, t6 ;  .endif
  .endm
  )"

      R"(
    enter 96
    sw a1, 52(sp) ;  sw a2, 56(sp)
    lw a4, 0(a3) ;  lw t0, 4(a3) ;  lw t1, 8(a3) ;  lw t2, 12(a3)
    lw t3, 16(a3) ;  lw t4, 20(a3) ;  lw t5, 24(a3)
    sw t1, 60(sp) ;  sw t2, 64(sp) ;  sw t3, 68(sp) ;  sw t4, 72(sp) ;  sw t5, 76(sp)
    sw t0, 80(sp)
    lui a2, 8 ;  lla a3, 3f
  1:
    lw a6, 16(a4)
    start 0, s0, s1, s2, s6, s7, s8
    start 4, s3, s4, s5, s9, s10, s11
    lw a1, 52(sp) ;  lbu a6, 0(a0)
  2:
    tap 1, 0, 1
    add a6, a6, a3 ;  jr -16(a6)
  .option push ;  .option norvc ;  .option norelax
  .balign 4
  3:
  .irp n, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12
    addi a0, a0, 2*\n+1 ;  addi a1, a1, 4*%c[pairs]*\n ;  j 10\n\()f ;  nop
  .endr
  .option pop
  .irp n, 12, 11, 10, 9, 8, 7, 6, 5, 4, 3, 2
  10\n:
    tap 0, 4*%c[pairs]*(1-\n), 2*(1-\n)
  .endr
  101:
    split t2, s0, s6 ;  split t5, s3, s9
    .if %c[pairs] > 1 ;  split t3, s1, s7 ;  split t6, s4, s10 ;  .endif
    .if %c[pairs] > 2 ;  split t4, s2, s8 ;  split ra, s5, s11 ;  .endif
    lbu a6, 0(a0) ;  bnez a6, 2b
    lw t4, 56(sp) ;  lw t5, 60(sp) ;  lw t6, 64(sp) ;  lw t1, 76(sp) ;  lw t2, 72(sp)
    lw a1, 4(a4) ;  srli a1, a1, 7 ;  andi a1, a1, 1 ;  add a1, a1, t4
    output 4, s3, s4, s5, s9, s10, s11
    mv a1, t4
    output 0, s0, s1, s2, s6, s7, s8
    addi t4, t4, 2 ;  sw t4, 56(sp) ;  addi a0, a0, 1 ;  addi a4, a4, 20
    lw t0, 80(sp) ;  bne a4, t0, 1b
    leave 96
  .purgem products ;  .purgem tap ;  .purgem split ;  .purgem start
  .purgem finish ;  .purgem put ;  .purgem both ;  .purgem output
  .purgem enter ;  .purgem leave
  )" ::[pairs] "i"(pairs),
      [relu] "i"(relu ? 1 : 0));
}

}  // namespace graven::core::rv32imc_isa

#endif
