// Depthwise 3x3 on an image that was doubled, read as it was before: outputs 2x and 2x + 1 see
// columns x - 1, x, x and x, x, x + 1, and two rows of a window are the same. So each output takes
// four products, with sums of weights. Sums are scaled as in scaled.hpp, and requantized as there.
#pragma once

#if defined(__ARM_FEATURE_SIMD32) && defined(__thumb2__)

#include "graven/isa/armv7em/row_kind.hpp"
#include "graven/isa/armv7em/scaled.hpp"

#include <initializer_list>

namespace graven::core::armv7em_isa {

// What the assembler below is made for.
struct DoubledRow {
  int width, out_step;  // columns of the input; bytes to the next output pixel
  int shift;
  bool whole;  // the output's zero point is not the least value

  static constexpr int unroll = 4;
  constexpr int loops() const { return (width - 1) / unroll; }
  constexpr int rest() const { return (width - 1) % unroll; }
};

// What a row of it needs. Read by the assembler below.
struct DoubledStep {
  std::int32_t mode;  // 1: the upper two rows of the window are the same, else the lower two;
                      // 2: the other row is missing, its pointer is any other one
  const std::byte *upper, *lower;
  std::byte* out;
  const std::byte *stream, *end;
  std::int32_t rounding;  // (2 * zero_point + 1) << (shift - 1)
};

// A row of outputs, channel by channel. Stream, per channel: bias; scaled weights as halfwords, of
// columns 0 and 2 of the three rows; multiplier; column 1 of the upper, lower and middle row; what
// negative sums are rounded by less.
//   r0 r1 rows, r2 out, r3 bias, r4 r5 sums, r6 rounding, r7 multiplier, r8-r11 weights
//   [sp] DoubledStep, rounding of negative sums, end of the columns
template <DoubledRow row> GRAVEN_NAKED void doubled_row(const DoubledStep*) {
  asm volatile(
      // `weights`: of the next channel, for columns x - 1, x of the left and x, x + 1
      // of the right output (upper row in the low half); `column`: completes the outputs of two
      // columns, the right one of column x - 1 and the left one of column x, and begins the next
      // two.
      R"(
  .macro weights
    ldr r12, [sp, #16] ;  ldm r12!, {r3-r9} ;  str r12, [sp, #16]
    ldr lr, [sp] ;  lsrs lr, lr, #1 ;  bcs 2f
    sadd16 r6, r5, r6 ;  add r12, r8, r9, lsl #16 ;  b 3f
  2:
    sadd16 r4, r4, r5 ;  uxth r12, r9 ;  sadd16 r12, r8, r12
  3:
    pkhbt r8, r4, r6, lsl #16 ;  pkhtb r11, r6, r4, asr #16
    beq 5f ;  bcs 4f
    bfc r8, #0, #16 ;  bfc r11, #0, #16 ;  bfc r12, #0, #16 ;  b 5f
  4:
    uxth r8, r8 ;  uxth r11, r11 ;  uxth r12, r12
  5:
    lsr lr, r9, #16 ;  ldr r6, [sp, #24] ;  add r6, r6, lr, lsr #1
    .if %c[whole] ;  str lr, [sp, #28] ;  .endif
    sadd16 r9, r12, r11 ;  sadd16 r10, r8, r12
  .endm
  .macro load
    ldrb r12, [r0], #1 ;  ldrb lr, [r1], #1 ;  orr r12, r12, lr, lsl #16
  .endm
  .macro finish acc
    .if %c[whole] ;  ldr lr, [sp, #28] ;  and lr, lr, \acc, asr #31 ;  sub lr, r6, lr
    smmla \acc, \acc, r7, lr ;  .else ;  smmla \acc, \acc, r7, r6 ;  .endif
    ssat \acc, #8, \acc, asr #%c[shift]
  .endm
  .macro column
    load ;  smlad r5, r12, r11, r5 ;  smlad r4, r12, r9, r4 ;  finish r5 ;  finish r4
    strb r5, [r2], #%c[out_step] ;  strb r4, [r2], #%c[out_step]
    smlad r5, r12, r10, r3 ;  smlad r4, r12, r8, r3
  .endm
  )"
      R"(
    push {r4-r11, lr} ;  sub sp, #36 ;  ldm r0, {r1-r7} ;  stm sp, {r1-r7}
  1:
    weights ;  add lr, sp, #4 ;  ldm lr, {r0-r2}
    load ;  smlad r4, r12, r9, r3 ;  finish r4 ;  strb r4, [r2], #%c[out_step]
    smlad r5, r12, r10, r3 ;  smlad r4, r12, r8, r3
    .if %c[looped] ;  add lr, r0, #%c[looped] ;  str lr, [sp, #32]
  6:
    column ;  column ;  column ;  column
    ldr lr, [sp, #32] ;  cmp r0, lr ;  bne.w 6b ;  .endif
    .rept %c[rest] ;  column ;  .endr
    finish r5 ;  strb r5, [r2]
    ldr r2, [sp, #12] ;  add r0, #1 ;  add r1, #1 ;  add r2, #1 ;  add lr, sp, #4
    stm lr, {r0-r2} ;  ldrd r4, r5, [sp, #16] ;  cmp r4, r5 ;  bne.w 1b
    add sp, #36 ;  pop {r4-r11, pc}
  .purgem weights ;  .purgem load ;  .purgem finish ;  .purgem column
  )" ::[looped] "i"(row.loops() * DoubledRow::unroll),
      [rest] "i"(row.rest()), [out_step] "i"(row.out_step), [shift] "i"(row.shift),
      [whole] "i"(row.whole ? 1 : 0));
}

// Packing chooses: `general`, or `first + shift`. Stream: for every row of the output, whether the
// upper two rows of its window are the same; then the channels (general: record and weights).
template <DoubledRow shape> struct Doubled {
  static constexpr bool accepts(const RowForm& form) { return is_kind(form, RowKind::doubled); }
  static constexpr int general = 0, first = 16, programs = first + Scaled::most_shift + 1;
  static constexpr int channel_bytes = 28, general_bytes = Record::bytes + 12;
  static constexpr bool holds_weights = true;

  static constexpr int scratch(const GraphView&, const Value&) { return 0; }
  static constexpr int stream_size(const GraphView&, const Value& v) {
    return round4(v.shape.height) + v.shape.channels * channel_bytes;
  }
  // Do the sums of weights fit halfwords?
  static constexpr bool halves_fit(const Taps& w, int left) {
    const int most = 32767 >> left;
    for (int upper = 1; upper <= 2; ++upper)  // how many rows are the upper row
      for (int from : {0, upper}) {
        int column[3]{};
        for (int ky = from; ky < (from == 0 ? upper : 3); ++ky)
          for (int kx = 0; kx < 3; ++kx) column[kx] += w[3 * ky + kx];
        for (int sum : {column[0], column[2], column[0] + column[1], column[1] + column[2]})
          if (sum > most || sum < -most) return false;
      }
    return true;
  }
  static constexpr int shift_of(const GraphView& g, const Value& v, const Parameters& p) {
    const FilterLayout layout = v.weights;
    return Scaled::shift_of(g, v, p, [&](int c, int shift) {
      const Channel folded = biased_channel(g, v, p, c);
      const Scaled scaled(folded, shift, 0);
      const Taps taps(layout, p, c);
      return scaled.fits(folded, taps, 255) && halves_fit(taps, scaled.left);
    });
  }
  static constexpr void pack(const GraphView& g, const Value& v, const Parameters& p, Writer& to) {
    const Value& resize = g.source(v);
    for (int y = 0; y < round4(v.shape.height); ++y) {
      const bool upper =
          y > 0 && y < v.shape.height && nearest_row(g, resize, y - 1) == nearest_row(g, resize, y);
      to.put(static_cast<std::int8_t>(upper));
    }
    const int shift = shift_of(g, v, p);
    to.program = shift == 0 ? general : first + shift;
    for (int c = 0; c < v.shape.channels; ++c) {
      const Channel folded = biased_channel(g, v, p, c);
      const Taps taps(v.weights, p, c);
      if (shift == 0) {
        Record::put(to, folded);
        for (int k = 0; k < 12; ++k) to.put(static_cast<std::int8_t>(taps[k]));
      } else {
        put(to, folded, taps, shift);
      }
    }
  }
  static constexpr void put(Writer& to, const Channel& folded, const Taps& taps, int shift) {
    const Scaled scaled(folded, shift, 0);
    to.put(scaled.bias);
    auto weights = [&](std::initializer_list<int> which) {
      for (int k : which) to.put(static_cast<std::uint16_t>(taps[k] * (1 << scaled.left)));
    };
    weights({0, 2, 3, 5, 6, 8});
    to.put(scaled.multiplier);
    weights({1, 7, 4});
    to.put(static_cast<std::uint16_t>(scaled.negative));
  }

  static void run_general(const Task& t, const DoubledStep& step) {
    const std::byte *s = step.stream, *upper = step.upper, *lower = step.lower;
    const bool upper_twice = (step.mode & 1) != 0, missing = (step.mode & 2) != 0;
    for (int c = 0; c < t.out_channels; ++c, s += general_bytes) {
      std::int32_t w[2][3];
      for (int kx = 0; kx < 3; ++kx) {
        auto weight = [&](int ky) { return load<std::int8_t>(s + Record::bytes + 3 * ky + kx); };
        w[0][kx] = weight(0) + (upper_twice ? weight(1) : 0);
        w[1][kx] = weight(2) + (upper_twice ? 0 : weight(1));
        if (missing) w[upper_twice ? 1 : 0][kx] = 0;
      }
      for (int x = 0; x < t.out_width; ++x) {
        std::int32_t acc = load_aligned<std::int32_t>(s);
        for (int kx = 0; kx < 3; ++kx) {
          const int at = (x + kx + 1) / 2 - 1;
          acc += w[0][kx] * load<std::uint8_t>(upper + at);
          acc += w[1][kx] * load<std::uint8_t>(lower + at);
        }
        step.out[x * t.out_channels + c] = Record::finish(s, acc, t);
      }
      upper += shape.width + 1;
      lower += shape.width + 1;
    }
  }
  template <int program> static void run(const Task& task, const Band& band) {
    constexpr int bytes = program == general ? general_bytes : channel_bytes;
    const bool upper_twice = task.stream[band.step] != std::byte{0};
    const std::byte *middle = band.rows[1], *other = band.rows[upper_twice ? 2 : 0];
    const int mode = (upper_twice ? 1 : 0) | (other == nullptr ? 2 : 0);
    if (other == nullptr) other = middle;
    const std::byte* stream = task.stream + round4(task.in_height);
    const DoubledStep step{
        mode,
        (upper_twice ? middle : other) + 1,
        (upper_twice ? other : middle) + 1,
        band.out[0],
        stream,
        stream + task.out_channels * bytes,
        program < first ? 0 : (2 * task.out_zero + 1) * (1 << (program - first - 1))};
    if constexpr (program < first)
      run_general(Task(task), step);
    else
      doubled_row<DoubledRow{shape.width, shape.out_step, program - first, shape.whole}>(&step);
  }
};

struct DoubledDepthwises {
  static constexpr const char* name = "armv7em.doubled";
  static constexpr bool serves(const GraphView& g, int value) {
    return makes<std::int8_t>(g, value, op::depthwise) && source_rows(g, value) == RowKind::doubled;
  }
  template <const auto& graph, int value> static constexpr auto kernel() {
    constexpr const Value& v = graph.values[value];
    constexpr bool whole = v.quant.zero_point != -128;
    return Doubled<DoubledRow{v.shape.width / 2, v.shape.channels, 0, whole}>{};
  }
};

}  // namespace graven::core::armv7em_isa

#endif
