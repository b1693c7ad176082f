// Depthwise 3x3 of stride 1 on wide rows, of pixels or planar, one column after the other: a column
// of three inputs adds to the outputs of three neighbouring columns, whose sums stay in registers.
// The upper two inputs of a column are one word, for SMLAD with the two weights above each other.
// Sums are scaled as in scaled.hpp, and requantized as there.
#pragma once

#if defined(__ARM_FEATURE_SIMD32) && defined(__thumb2__)

#include "graven/isa/armv7em/depthwise/depthwise.hpp"
#include "graven/isa/armv7em/depthwise/planar.hpp"
#include "graven/isa/armv7em/scaled.hpp"

namespace graven::core::armv7em_isa {

// What the assembler below is made for.
struct ColumnRow {
  int in_step, out_step;  // bytes to the next pixel
  int width;              // of the output
  int left, right;        // is there a column of padding?
  int shift;
  bool biased, whole;  // the input is biased by 128; the output's zero point is not the least value

  static constexpr int unroll = 6;
  constexpr int loops() const { return (width - right) / unroll; }
  constexpr int rest() const { return (width - right) % unroll; }
};

// What a row of it needs. Read by the assembler below.
struct ColumnStep {
  std::int32_t missing;   // 1: the top row, 2: the bottom row; its pointer is any other row
  std::uint32_t padding;  // the input's zero point in both halves
  const std::byte *top, *middle, *bottom;
  std::byte* out;
  const std::byte *stream, *end;
  std::int32_t in_pitch;  // bytes from an input channel to the next
  std::int32_t rounding;  // (2 * zero_point + 1) << (shift - 1)
};

// A row of outputs, channel by channel. Stream, per channel: bias, multiplier, and the weights as
// bytes: t0 t1 m0 m1, t2 b0 m2 b1, b2 and the power of two that scales them.
//   r0-r2 rows, r3 out, r4-r6 sums, r7-r9 weights of top and middle, r10 r11 of the bottom
//   [sp] bias, rounding of negative sums, multiplier, rounding, loops left, ColumnStep
template <ColumnRow row> GRAVEN_NAKED void column_row(const ColumnStep*) {
  asm volatile(
      // `load`: the next column as r12 and lr; `column`: adds it to the sums of three
      // outputs, of which `a` is complete then and is stored.
      R"(
  .macro input x, p
    .if %c[biased] ;  ldrb \x, [\p], #%c[in_step] ;  .else ;  ldrsb \x, [\p], #%c[in_step] ;  .endif
  .endm
  .macro load padding
    .if \padding ;  ldr r12, [sp, #24] ;  sxth lr, r12
    .else ;  input r12, r0 ;  input lr, r1 ;  pkhbt r12, r12, lr, lsl #16 ;  input lr, r2 ;  .endif
  .endm
  .macro column a, b, c
    ldr \c, [sp] ;  smlad \a, r12, r9, \a ;  smlad \b, r12, r8, \b ;  smlad \c, r12, r7, \c
    smlabb \a, lr, r11, \a ;  smlabt \b, lr, r10, \b ;  smlabb \c, lr, r10, \c
    .if %c[whole] ;  ldrd r12, lr, [sp, #8] ;  cmp \a, #0 ;  it lt ;  ldrlt lr, [sp, #4]
    .else ;  ldrd r12, lr, [sp, #8] ;  .endif
    smmla \a, \a, r12, lr ;  ssat \a, #8, \a, asr #%c[shift] ;  strb \a, [r3], #%c[out_step]
  .endm
  .macro next n, padding
    load \padding
    .if \n %% 3 == 0 ;  column r4, r5, r6 ;  .elseif \n %% 3 == 1 ;  column r5, r6, r4
    .else ;  column r6, r4, r5 ;  .endif
  .endm
  )"
      // `weights`: of the next channel; a missing row's become zero, and its padding goes to the
      // bias.
      R"(
  .macro scale w
    lsl \w, lr ;  and \w, r12
  .endm
  .macro weights
    ldm r4!, {r5, r6, r7, r9, r11} ;  str r4, [sp, #44] ;  ldr r4, [sp, #56]
    ubfx lr, r11, #8, #8 ;  sxtb r11, r11 ;  lsl r11, lr
    mov r12, #0xffff ;  lsl r12, lr ;  uxth r12, r12 ;  orr r12, r12, r12, lsl #16
    sxtb16 r8, r7, ror #8 ;  sxtb16 r7, r7 ;  sxtb16 r10, r9, ror #8 ;  sxtb16 r9, r9
    scale r7 ;  scale r8 ;  scale r9 ;  scale r10
    mov r12, #1 ;  sub lr, #1 ;  lsl r12, lr ;  add r4, r4, r12, lsr #1 ;  strd r6, r4, [sp, #8]
    sub r4, r12 ;  str r4, [sp, #4] ;  ldrd r4, r12, [sp, #20]
    tst r4, #1 ;  beq 8f
    smlabb r5, r12, r7, r5 ;  smlabb r5, r12, r8, r5 ;  smlabb r5, r12, r9, r5
    bfc r7, #0, #16 ;  bfc r8, #0, #16 ;  bfc r9, #0, #16
  8:
    tst r4, #2 ;  beq 9f
    smlabb r5, r12, r10, r5 ;  smlabt r5, r12, r10, r5 ;  smlabb r5, r12, r11, r5
    mov r10, #0 ;  mov r11, #0
  9:
    str r5, [sp]
  .endm
  )"
      R"(
    push {r4-r11, lr} ;  sub sp, #60 ;  add r12, sp, #20
    ldm r0!, {r1-r5} ;  stm r12!, {r1-r5} ;  ldm r0, {r1-r5} ;  stm r12, {r1-r5}
  1:
    add r12, sp, #28 ;  ldm r12, {r0-r4} ;  weights
    load %c[left] ;  smlad r4, r12, r7, r5 ;  smlabb r4, lr, r10, r4
    load 0 ;  smlad r4, r12, r8, r4 ;  smlabt r4, lr, r10, r4
    smlad r5, r12, r7, r5 ;  smlabb r5, lr, r10, r5
    .if %c[loops] ;  mov r12, #%c[loops] ;  str r12, [sp, #16]
  2:
    next 0, 0 ;  next 1, 0 ;  next 2, 0 ;  next 3, 0 ;  next 4, 0 ;  next 5, 0
    ldr r12, [sp, #16] ;  subs r12, #1 ;  str r12, [sp, #16] ;  bne.w 2b ;  .endif
    .if %c[rest] > 0 ;  next 0, 0 ;  .endif ;  .if %c[rest] > 1 ;  next 1, 0 ;  .endif
    .if %c[rest] > 2 ;  next 2, 0 ;  .endif ;  .if %c[rest] > 3 ;  next 3, 0 ;  .endif
    .if %c[rest] > 4 ;  next 4, 0 ;  .endif ;  .if %c[right] ;  next %c[rest], 1 ;  .endif
    add r12, sp, #28 ;  ldm r12, {r0-r3} ;  ldr r4, [sp, #52]
    add r0, r4 ;  add r1, r4 ;  add r2, r4 ;  add r3, #1 ;  stm r12, {r0-r3}
    ldrd r4, r5, [sp, #44] ;  cmp r4, r5 ;  bne.w 1b
    add sp, #60 ;  pop {r4-r11, pc}
  .purgem input ;  .purgem load ;  .purgem column ;  .purgem next ;  .purgem scale
  .purgem weights
  )" ::[loops] "i"(row.loops()),
      [rest] "i"(row.rest()), [left] "i"(row.left), [right] "i"(row.right),
      [in_step] "i"(row.in_step), [out_step] "i"(row.out_step), [shift] "i"(row.shift),
      [biased] "i"(row.biased ? 1 : 0), [whole] "i"(row.whole ? 1 : 0));
}

// Program `first + shift`, or one of General's.
template <class General, ColumnRow shape, RowKind rows> struct Columns : General {
  static constexpr int first = 16, programs = first + Scaled::most_shift + 1, channel_bytes = 20;
  static constexpr int most = shape.biased ? 255 : 128;  // of an input

  static constexpr bool accepts(const RowForm& form) { return is_kind(form, rows); }
  static constexpr int stream_size(const GraphView& g, const Value& v) {  // at most
    const int general = General::stream_size(g, v), mine = v.shape.channels * channel_bytes;
    return general > mine ? general : mine;
  }
  static constexpr Channel channel(const GraphView& g, const Value& v, const Parameters& p, int c) {
    return shape.biased ? biased_channel(g, v, p, c) : fold(g, v, p, c);
  }
  static constexpr int shift_of(const GraphView& g, const Value& v, const Parameters& p) {
    const FilterLayout layout = v.weights;
    return Scaled::shift_of(g, v, p, [&](int c, int shift) {
      const Channel folded = channel(g, v, p, c);
      return Scaled(folded, shift, 0).fits(folded, Taps(layout, p, c), most);
    });
  }
  static constexpr void pack(const GraphView& g, const Value& v, const Parameters& p, Writer& to) {
    const int shift = shift_of(g, v, p);
    if (shift == 0) return General::pack(g, v, p, to);
    to.program = first + shift;
    for (int c = 0; c < v.shape.channels; ++c) {
      const Scaled scaled(channel(g, v, p, c), shift, 0);
      const Taps taps(v.weights, p, c);
      to.put(scaled.bias);
      to.put(scaled.multiplier);
      for (int k : {0, 1, 3, 4, 2, 6, 5, 7, 8}) to.put(static_cast<std::int8_t>(taps[k]));
      to.put(static_cast<std::int8_t>(scaled.left));
      to.put(std::int8_t{0});
      to.put(std::int8_t{0});
    }
  }

  template <int program> static void run(const Task& task, const Band& band) {
    if constexpr (program < first) {
      General::template run<program>(task, band);
    } else {
      constexpr ColumnRow row = [] {
        ColumnRow r = shape;
        r.shift = program - first;
        return r;
      }();
      constexpr int front = rows == RowKind::padded ? 1 : 0;
      const std::byte *middle = band.rows[1] + front, *top = band.rows[0], *bottom = band.rows[2];
      const std::int32_t missing = (top == nullptr ? 1 : 0) | (bottom == nullptr ? 2 : 0);
      const auto zero = static_cast<std::uint32_t>(shape.biased ? 0 : task.in_zero) & 0xffff;
      const ColumnStep step{missing,
                            zero | zero << 16,
                            top != nullptr ? top + front : middle,
                            middle,
                            bottom != nullptr ? bottom + front : middle,
                            band.out[0],
                            task.stream,
                            task.stream + task.out_channels * channel_bytes,
                            shape.biased ? task.in_width + front : 1,
                            (2 * task.out_zero + 1) * (1 << (row.shift - 1))};
      column_row<row>(&step);
    }
  }
};

struct ColumnDepthwises {
  static constexpr const char* name = "armv7em.columns";
  static constexpr ColumnRow shape(const GraphView& g, int value) {
    const Value& v = g[value];
    const Shape in = g.input(v).shape;
    const bool planar = source_rows(g, value) != RowKind::pixels;
    return {planar ? 1 : in.channels,
            v.shape.channels,
            v.shape.width,
            v.left,
            v.shape.width + 2 - v.left - in.width,
            0,
            planar,
            v.quant.zero_point != -128};
  }
  static constexpr bool serves(const GraphView& g, int value) {
    const Value& v = g[value];
    if (!makes<std::int8_t>(g, value, op::depthwise) || !keeps_channels(g, v) ||
        source_rows(g, value) == RowKind::doubled)
      return false;
    const ColumnRow row = shape(g, value);
    return v.filter == Extent(3) && v.dilation == Extent(1) && v.stride.width == 1 &&
           g.rim(v) <= 1 && v.shape.width >= (row.biased ? 16 : 6) && row.in_step < 256 &&
           row.out_step < 256;
  }
  template <const auto& graph, int value> static constexpr auto general() {
    if constexpr (PlanarDepthwises::serves(graph.view(), value))
      return PlanarDepthwises::kernel<graph, value>();
    else
      return Depthwise{};
  }
  template <const auto& graph, int value> static constexpr auto kernel() {
    constexpr RowKind rows = source_rows(graph.view(), value);
    using General = decltype(general<graph, value>());
    return Columns<General, shape(graph.view(), value), rows>{};
  }
};

}  // namespace graven::core::armv7em_isa

#endif
