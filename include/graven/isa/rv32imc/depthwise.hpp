// Depthwise convolution 3x3, channel by channel: a row of outputs in one sweep over the columns of
// the input, with the weights and the sums of unfinished outputs in registers.
#pragma once

#if defined(__riscv_mul) && __riscv_xlen == 32

#include "graven/isa/rv32imc/frame.hpp"
#include "graven/isa/rv32imc/requantize.hpp"
#include "graven/isa/scalar/conv.hpp"

namespace graven::core::rv32imc_isa {

// What a row of outputs needs. Read by the assembler below.
struct Sweep {
  const std::byte *top, *middle, *bottom;  // where a row is missing: any other
  const std::byte* record;                 // of the first channel
  std::byte* out;
  std::int32_t step;            // bytes from a pixel to the next, of input and output
  const std::byte* end;         // of the records
  std::int32_t outputs;         // whose columns on the right exist
  std::int32_t back, out_back;  // from the end of a channel's sweep to the next channel
  std::int32_t left, right;     // columns of padding, 0 or 1
  std::int32_t no_top, no_bottom, zero, twice_zero, low, span;
};

// All channels of a row. s0-s8 weights, s9 bias, s10 outputs to come, s11 zero point, a0-a2 rows,
// a3 step, a4 record, a5 out, a6 multiplier, a7 c, t3 input; Sweep is copied to sp+60.
template <int stride, bool relu> GRAVEN_NAKED void depthwise3(const Sweep*) {
  asm volatile(GRAVEN_RV32IMC_FRAME GRAVEN_RV32IMC_FINISH
               // a channel's record; a row that is missing weighs nothing, and adds a constant
               // to the bias. `pad`: adds a column of padding.
               R"(
  .macro channel
    lw t0, 0(a4) ;  lw a6, 4(a4) ;  srai s9, t0, 8
    lb s0, 8(a4) ;  lb s1, 9(a4) ;  lb s2, 10(a4) ;  lb s3, 11(a4) ;  lb s4, 12(a4)
    lb s5, 13(a4) ;  lb s6, 14(a4) ;  lb s7, 15(a4) ;  lb s8, 16(a4)
    lw a7, 60+60(sp) ;  sll a7, a7, t0 ;  addi a7, a7, 1 ;  addi t0, t0, 1
    absent 60+48, s0, s1, s2 ;  absent 60+52, s6, s7, s8
  .endm
  .macro pad acc, from, u, v, w
    add t3, \u, \v ;  add t3, t3, \w ;  mul t3, t3, s11 ;  add \acc, \from, t3
  .endm
  .macro absent flag, u, v, w
    lw t3, \flag(sp) ;  beqz t3, 9f
    pad s9, s9, \u, \v, \w ;  li \u, 0 ;  li \v, 0 ;  li \w, 0
  9:
  .endm
  )"

               // One column of all rows: added to what `done`, `next` and `last` say, of the sums
               // ra (right column of its window), t5 (middle) and t6 (left).
               R"(
  .macro column done, next, last
    part a0, \done, \next, \last, s2, s1, s0, t5, t6, s9
    part a1, \done, \next, \last, s5, s4, s3, ra, t5, t6
    part a2, \done, \next, \last, s8, s7, s6, ra, t5, t6
  .endm
  .macro part row, done, next, last, u, v, w, from_u, from_v, from_w
    lb t3, 0(\row) ;  add \row, \row, a3
    .if \done ;  mul t4, t3, \u ;  add ra, \from_u, t4 ;  .endif
    .if \next ;  mul t4, t3, \v ;  add t5, \from_v, t4 ;  .endif
    .if \last ;  mul t4, t3, \w ;  add t6, \from_w, t4 ;  .endif
  .endm
  )"
               R"(
  .macro put
    finish ra, a6, a7, t4 ;  sb ra, 0(a5) ;  add a5, a5, a3
  .endm
    enter 144
    .irp at, 24, 28, 32, 36, 40, 44, 48, 52, 60
    lw t0, \at(a0) ;  sw t0, 60+\at(sp)
    .endr
    lw s11, 56(a0) ;  lw t2, 64(a0) ;  lw t1, 68(a0)
    lw a1, 4(a0) ;  lw a2, 8(a0) ;  lw a4, 12(a0) ;  lw a5, 16(a0) ;  lw a3, 20(a0)
    lw a0, 0(a0)
  1:
    channel
    lw t4, 60+40(sp) ;  lw s10, 60+28(sp)
    beqz t4, 2f
    pad t6, s9, s0, s3, s6 ;  j 3f
  2:
    column 0, 0, 1
  3:
    .if %c[stride] == 1 ;  column 0, 1, 1 ;  .endif
    blez s10, 5f
  4:
    .if %c[stride] == 2 ;  column 0, 1, 0 ;  .endif
    .if %c[stride] == 2 ;  column 1, 0, 1 ;  .else ;  column 1, 1, 1 ;  .endif
    put
    addi s10, s10, -1 ;  bnez s10, 4b
  5:
    lw t4, 60+44(sp) ;  beqz t4, 6f
    .if %c[stride] == 2 ;  column 0, 1, 0 ;  .endif
    pad ra, t5, s2, s5, s8
    put
  6:
    lw t3, 60+32(sp) ;  lw t4, 60+36(sp) ;  lw t5, 60+24(sp)
    sub a0, a0, t3 ;  sub a1, a1, t3 ;  sub a2, a2, t3 ;  sub a5, a5, t4
    addi a4, a4, 20 ;  bne a4, t5, 1b
    leave 144
  .purgem channel ;  .purgem absent ;  .purgem pad ;  .purgem column ;  .purgem part
  .purgem finish ;  .purgem put
  .purgem enter ;  .purgem leave
  )" ::[stride] "i"(stride),
               [relu] "i"(relu ? 1 : 0));
}

// Packing chooses a program as in conv.hpp. Stream of the fast ones, per channel: word, multiplier,
// nine weights, three unused bytes.
template <int stride> struct Depthwise3 {
  enum Program { relu, any, general };
  using General = scalar_isa::Depthwise<scalar_isa::Int8>;
  static constexpr int programs = 3, record_bytes = 20;
  static constexpr bool holds_weights = true;
  static constexpr const char* name = stride == 1 ? "rv32imc.depthwise3" : "rv32imc.depthwise3_by2";

  static constexpr bool serves(const GraphView& g, int value) {
    const Value& v = g[value];
    return makes<std::int8_t>(g, value, op::depthwise) && v.filter == Extent(3) &&
           v.dilation == Extent(1) && v.stride.width == stride && g.rim(v) <= 1 &&
           v.shape.channels == g.input(v).shape.channels && g.input(v).shape.width > 1;
  }
  static constexpr int scratch(const GraphView&, const Value&) { return 0; }
  static constexpr int stream_size(const GraphView& g, const Value& v) {  // at most
    const int fast = v.shape.channels * record_bytes, slow = General::stream_size(g, v);
    return fast > slow ? fast : slow;
  }
  static constexpr void pack(const GraphView& g, const Value& v, const Parameters& p, Writer& to) {
    const int channels = v.shape.channels;
    const bool fast = is_fast(g, v, p, 9);
    to.program = !fast ? general : relu_like(v) ? relu : any;
    if (!fast) return General::pack(g, v, p, to);
    for (int c = 0; c < channels; ++c) {
      const Channel channel = fold(g, v, p, c);
      to.put(FastChannel::word(channel));
      to.put(channel.multiplier.multiplier);
      for (int k = 0; k < 12; ++k) to.put(k < 9 ? p.filter.int8[k * channels + c] : std::int8_t{0});
    }
  }

  template <int program> static void run(const Task& task, const Band& band) {
    if constexpr (program == general) {
      General::run(task, band);
    } else {
      const Task& t = task;
      const Range range(t);
      const std::byte* const* rows = band.rows;
      const int channels = t.out_channels, beyond = t.in_width + t.left;
      const int last = (t.out_width - 1) * stride + 3;  // columns of the windows
      const int right = last > beyond ? 1 : 0, read = last - t.left - right;
      const Sweep sweep{rows[0] != nullptr ? rows[0] : rows[1],
                        rows[1],
                        rows[2] != nullptr ? rows[2] : rows[1],
                        t.stream,
                        band.out[0],
                        channels,
                        t.stream + channels * record_bytes,
                        t.out_width - right,
                        read * channels - 1,
                        t.out_width * channels - 1,
                        t.left,
                        right,
                        rows[0] == nullptr,
                        rows[2] == nullptr,
                        t.in_zero,
                        range.twice_zero,
                        range.low,
                        range.span};
      depthwise3<stride, program == relu>(&sweep);
    }
  }
};

}  // namespace graven::core::rv32imc_isa

#endif
