// Pointwise convolutions of up to eight inputs: the weights of one output, or of two, stay in
// registers for a whole row, as scaled halfwords (scaled.hpp).
#pragma once

#if defined(__ARM_FEATURE_SIMD32) && defined(__thumb2__)

#include "graven/isa/armv7em/conv/plain.hpp"
#include "graven/isa/armv7em/scaled.hpp"

namespace graven::core::armv7em_isa {

// What the assembler below is made for.
struct NarrowRow {
  int inputs, in_step;           // bytes from an input pixel to the next
  int pixel_step, channel_step;  // of the output
  int width, channels, shift;
  bool biased, whole;  // biased by 128; whole: the zero point is not the least value

  constexpr int words() const { return inputs > 4 ? 2 : 1; }
  constexpr bool in_pairs() const { return words() == 1 && !whole; }
  constexpr int pairs() const { return in_pairs() ? channels / 2 : 0; }
  constexpr int singles() const { return channels - 2 * pairs(); }
  // A pixel of three bytes is read as a word; the last of a row is not.
  constexpr int last() const { return inputs % 4 == 3 ? 1 : 0; }
  constexpr int loops() const { return (width - last()) / unroll; }
  constexpr int rest() const { return (width - last()) % unroll; }
  static constexpr int unroll = 8;
};

// A row of two outputs at a time, then of single ones. Stream: per pair bias, multiplier and two
// words of weights of both, and both roundings; per single output its bias, multiplier, rounding,
// `negative`, and two words of weights per four inputs.
//   pairs    r0 acc, r1 in, r2 out, r3-r6 and r7-r10 the channels, r11 rounding
//   singles  r0 acc, r1 in, r2 out, r3-r6 the channel, r7-r10 weights, r11 loops left
//   [sp] in, out, stream, loops left, rounding of the second, channels left
template <NarrowRow row>
GRAVEN_NAKED void narrow_row(const std::byte*, const std::byte*, std::byte*) {
  asm volatile(
      // `four` makes four inputs of r12 into halfwords in r12 and lr; `half` of the
      // inputs are loaded. `finish` stores an output.
      R"(
  .macro halves
    sxtb16 lr, r12, ror #8 ;  sxtb16 r12, r12
  .endm
  .macro bytes count, last, at:vararg
    .if \count == 1 ;  ldrb r12, \at ;  .elseif \count == 2 ;  ldrh r12, \at
    .else ;  ldr r12, \at ;  .endif
  .endm
  .macro three at
    ldrh r12, [r1, #\at] ;  ldrb lr, [r1, #\at + 2] ;  orr r12, r12, lr, lsl #16
  .endm
  .macro saturate r
    .if %c[biased] ;  usat \r, #8, \r, asr #%c[shift]
    .else ;  ssat \r, #8, \r, asr #%c[shift] ;  .endif
  .endm
  )"
      R"(
  .macro pair last
    .if \last ;  three 0 ;  .else ;  bytes %c0, 0, [r1], #%c1 ;  .endif ;  halves
    smlad r0, r12, r5, r3 ;  smlad r0, lr, r6, r0 ;  smmla r0, r0, r4, r11 ;  saturate r0
    strb r0, [r2], #%c2
    ldr r0, [sp, #16] ;  smlad r12, r12, r9, r7 ;  smlad r12, lr, r10, r12
    smmla r12, r12, r8, r0 ;  saturate r12 ;  strb r12, [r2, #%c3]
  .endm
  .macro single last
    .if \last && %c0 < 4 ;  three 0 ;  .else ;  bytes %c0, 0, [r1], #%c1 ;  .endif ;  halves
    smlad r0, r12, r7, r3 ;  smlad r0, lr, r8, r0
    .if %c0 > 4 ;  .if \last ;  three 4 - %c1 ;  .else ;  bytes %c0 - 4, 0, [r1, #4 - %c1] ;  .endif
    halves ;  smlad r0, r12, r9, r0 ;  smlad r0, lr, r10, r0 ;  .endif
    .if %c9 ;  and r12, r6, r0, asr #31 ;  sub r12, r5, r12 ;  smmla r0, r0, r4, r12
    .else ;  smmla r0, r0, r4, r5 ;  .endif
    saturate r0 ;  strb r0, [r2], #%c2
  .endm
    push {r4-r11, lr} ;  sub sp, #24 ;  strd r1, r2, [sp]
    .if %c4 ;  mov r3, #%c4 ;  str r3, [sp, #20]
  1:
    ldm r0!, {r3-r12} ;  str r0, [sp, #8] ;  ldrd r1, r2, [sp] ;  str r12, [sp, #16]
    .if %c6 ;  mov r0, #%c6 ;  str r0, [sp, #12]
  2:
    pair 0 ;  pair 0 ;  pair 0 ;  pair 0 ;  pair 0 ;  pair 0 ;  pair 0 ;  pair 0
    ldr r0, [sp, #12] ;  subs r0, #1 ;  str r0, [sp, #12] ;  bne.w 2b ;  .endif
    .rept %c7 ;  pair 0 ;  .endr ;  .if %c8 ;  pair 1 ;  .endif
    ldr r0, [sp, #20] ;  ldrd r2, r3, [sp, #4] ;  add r2, #%c3 + %c2 ;  add r2, #%c3 + %c2
    str r2, [sp, #4] ;  subs r12, r0, #1 ;  str r12, [sp, #20] ;  mov r0, r3 ;  bne.w 1b
    .endif
    .if %c5 ;  mov r3, #%c5 ;  str r3, [sp, #20]
  3:
    ldm r0!, {r3-r8} ;  .if %c0 > 4 ;  ldm r0!, {r9, r10} ;  .endif
    str r0, [sp, #8] ;  ldrd r1, r2, [sp]
    .if %c6 ;  mov r11, #%c6
  4:
    single 0 ;  single 0 ;  single 0 ;  single 0 ;  single 0 ;  single 0 ;  single 0 ;  single 0
    subs r11, #1 ;  bne.w 4b ;  .endif
    .rept %c7 ;  single 0 ;  .endr ;  .if %c8 ;  single 1 ;  .endif
    ldr r3, [sp, #20] ;  ldrd r2, r0, [sp, #4] ;  add r2, #%c3 + %c2 ;  str r2, [sp, #4]
    subs r3, #1 ;  str r3, [sp, #20] ;  bne.w 3b
    .endif
    add sp, #24 ;  pop {r4-r11, pc}
  .purgem halves ;  .purgem bytes ;  .purgem three ;  .purgem saturate ;  .purgem pair
  .purgem single
  )" ::"i"(row.inputs),
      "i"(row.in_step), "i"(row.pixel_step), "i"(row.channel_step - row.pixel_step),
      "i"(row.pairs()), "i"(row.singles()), "i"(row.loops()), "i"(row.rest()), "i"(row.last()),
      "i"(row.whole ? 1 : 0), [biased] "i"(row.biased ? 1 : 0), [shift] "i"(row.shift));
}

// Program `first + shift`, or one of General's.
template <class General, RowKind rows, NarrowRow shape> struct Narrow : General {
  static constexpr int first = 16, programs = first + Scaled::most_shift + 1;
  static constexpr int single_bytes = 16 + 8 * shape.words(), pair_bytes = 40;

  static constexpr int stream_size(const GraphView& g, const Value& v) {  // at most
    const int general = General::stream_size(g, v), mine = v.shape.channels * single_bytes;
    return general > mine ? general : mine;
  }
  static constexpr int shift_of(const GraphView& g, const Value& v, const Parameters& p) {
    const FilterLayout layout = v.weights;
    return Scaled::shift_of(g, v, p, [&](int o, int shift) {
      const Channel c = fold(g, v, p, o);
      return Scaled(c, shift, 0).fits(c, Taps(layout, p, o), 128);
    });
  }
  static constexpr void pack(const GraphView& g, const Value& v, const Parameters& p, Writer& to) {
    const int shift = shift_of(g, v, p);
    if (shift == 0) return General::pack(g, v, p, to);
    to.program = first + shift;
    const FilterLayout layout = v.weights;
    const int zero = v.quant.zero_point + (shape.biased ? 128 : 0);
    int o = 0;
    auto channel = [&](int output) { return Scaled(fold(g, v, p, output), shift, zero); };
    for (; o < 2 * shape.pairs(); o += 2) {
      for (int i = o; i < o + 2; ++i) {
        const Scaled c = channel(i);
        const Taps taps(layout, p, i);
        to.put(c.bias);
        to.put(c.multiplier);
        to.put(c.weights(taps, 0));
        to.put(c.weights(taps, 1));
      }
      to.put(channel(o).rounding);
      to.put(channel(o + 1).rounding);
    }
    for (; o < v.shape.channels; ++o) {
      const Scaled c = channel(o);
      const Taps taps(layout, p, o);
      to.put(c.bias);
      to.put(c.multiplier);
      to.put(c.rounding);
      to.put(c.negative);
      for (int k = 0; k < 4 * shape.words(); k += 4) {
        to.put(c.weights(taps, k));
        to.put(c.weights(taps, k + 1));
      }
    }
  }

  template <int program> static void run(const Task& task, const Band& band) {
    if constexpr (program < first) {
      General::template run<program>(task, band);
    } else {
      constexpr NarrowRow row = [] {
        NarrowRow r = shape;
        r.shift = program - first;
        return r;
      }();
      std::byte* out = band.out[0];
      if constexpr (rows == RowKind::padded) out = pad(out);
      narrow_row<row>(task.stream, band.rows[0], out);
    }
  }
  // Zeros before every channel and after the last; returns where the first begins.
  static std::byte* pad(std::byte* out) {
    for (int c = 0; c <= shape.channels; ++c) out[c * shape.channel_step] = std::byte{0};
    return out + 1;
  }
};

struct NarrowConvs {
  static constexpr const char* name = "armv7em.narrow";
  static constexpr NarrowRow shape(const GraphView& g, int value) {
    const Value& v = g[value];
    const Shape in = g.input(v).shape;
    const RowKind rows = rows_of(g, value);
    const bool planar = rows != RowKind::pixels;
    return {in.channels,
            in.channels * v.stride.width,
            planar ? 1 : v.shape.channels,
            !planar ? 1 : v.shape.width + (rows == RowKind::padded ? 1 : 0),
            v.shape.width,
            v.shape.channels,
            0,
            planar,
            v.quant.zero_point != -128};
  }
  static constexpr bool serves(const GraphView& g, int value) {
    if (!makes<std::int8_t>(g, value, op::conv) || !Points::serves(g, g[value])) return false;
    const NarrowRow row = shape(g, value);
    return row.inputs <= 8 && row.in_step < 256 && row.pixel_step < 256 &&
           row.channel_step < 2048 && g.input(g[value]).shape.width > 0;
  }
  template <const auto& graph, int value> static constexpr auto kernel() {
    constexpr GraphView g = graph.view();
    using General = decltype(plain_conv<graph, value, Points>());
    return Narrow<General, rows_of(g, value), shape(g, value)>{};
  }
};

}  // namespace graven::core::armv7em_isa

#endif
