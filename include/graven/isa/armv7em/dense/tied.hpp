// Dense of one row whose outputs share one multiplier (one filter scale), four outputs at a time:
// sums stay scaled by 256, as pairs of outputs yield them (pairs.hpp), and scaled.hpp's rounding
// needs no more than two constants for all outputs.
//
// Inputs are read as halfwords, widened once, where that pays and there is room for them: in
// scratch, or in the end of the output row until outputs go there. Else they are read as bytes.
// With `roomy` there is room in scratch for all but very long rows.
#pragma once

#if defined(__ARM_FEATURE_SIMD32) && defined(__thumb2__)

#include "graven/isa/armv7em/dense/dense.hpp"

namespace graven::core::armv7em_isa {

// Read by the assembler below.
struct TiedRow {
  const std::byte *stream, *inputs;
  std::byte* out;
  std::int32_t passes, multiplier, rounding, shift;
};

// `passes` times four outputs. Stream, per pass: the scaled sums' starts (256 times the second
// output plus the first, the first; the same of the other pair), then weights as dense.hpp has
// them.
//   r0 stream, r1 inputs, r2-r5 inputs, r6-r9 weights, r10 r11 and r12 lr sums of two pairs
// A loop takes 64 inputs, or 32 as bytes.
//   [sp] TiedRow; counter
template <bool halves, bool whole, int quads> GRAVEN_NAKED void tied_fours(const TiedRow*) {
  asm volatile(R"(
  .macro product wa, wb, x
    smlad r10, \wa, \x, r10 ;  sxtb16 \wa, \wa ;  smlad r11, \wa, \x, r11
    smlad r12, \wb, \x, r12 ;  sxtb16 \wb, \wb ;  smlad lr, \wb, \x, lr
  .endm
  .macro four
    .if %c0 ;  ldrd r2, r3, [r1], #8
    .else ;  ldr r2, [r1], #4 ;  sxtb16 r3, r2, ror #8 ;  sxtb16 r2, r2 ;  .endif
    ldm r0!, {r6-r9} ;  product r6, r7, r2 ;  product r8, r9, r3
  .endm
  .macro eight
    .if %c0
    ldm r1!, {r2-r5} ;  ldm r0!, {r6-r9} ;  product r6, r7, r2 ;  product r8, r9, r3
    ldm r0!, {r6-r9} ;  product r6, r7, r4 ;  product r8, r9, r5
    .else ;  four ;  four ;  .endif
  .endm
  .macro rounding acc
    .if %c1 ;  asr r6, \acc, #31 ;  add r6, r3, r6, lsl #7 ;  smmla \acc, \acc, r2, r6
    .else ;  smmla \acc, \acc, r2, r3 ;  .endif
  .endm
    push {r4-r11, lr} ;  sub sp, #32
    ldm r0!, {r1-r4} ;  ldm r0, {r5-r7} ;  mov r0, sp ;  stm r0, {r1-r7} ;  mov r0, r1
  1:
    ldr r1, [sp, #4] ;  ldm r0!, {r10-r12, lr}
    .if %c2 > 1 ;  mov r5, #%c2 ;  .endif
  2:
    .if %c0 && %c2 > 1 ;  str r5, [sp, #28] ;  .endif
    .if %c2 ;  eight ;  eight ;  eight ;  eight
    .if %c0 ;  eight ;  eight ;  eight ;  eight ;  .endif ;  .endif
    .if %c0 && %c2 > 1 ;  ldr r5, [sp, #28] ;  .endif
    .if %c2 > 1 ;  subs r5, #1 ;  bne.w 2b ;  .endif
    .rept %c3 ;  eight ;  .endr ;  .if %c4 ;  four ;  .endif
    ldr r5, [sp, #8] ;  ldrd r2, r3, [sp, #16] ;  ldr r4, [sp, #24]
    sub r10, r10, r11 ;  lsl r11, #8 ;  sub r12, r12, lr ;  lsl lr, #8
    rounding r10 ;  rounding r11 ;  rounding r12 ;  rounding lr
    asr r10, r4 ;  asr r11, r4 ;  asr r12, r4 ;  asr lr, r4
    ssat r10, #8, r10, asr #1 ;  ssat r11, #8, r11, asr #1
    ssat r12, #8, r12, asr #1 ;  ssat lr, #8, lr, asr #1
    strb r10, [r5, #1] ;  strb lr, [r5, #2] ;  strb r12, [r5, #3] ;  strb r11, [r5], #4
    ldr r2, [sp, #12] ;  subs r2, #1 ;  strd r5, r2, [sp, #8] ;  bne.w 1b
    add sp, #32 ;  pop {r4-r11, pc}
  .purgem product ;  .purgem four ;  .purgem eight ;  .purgem rounding
  )" ::"i"(halves ? 1 : 0),
               "i"(whole ? 1 : 0), "i"(quads / (halves ? 16 : 8)),
               "i"(quads % (halves ? 16 : 8) / 2), "i"(quads % 2));
}

// `roomy`: long inputs may take scratch.
template <int count, int channels, bool roomy> struct Tied : Dense<void> {
  using General = Dense<void>;
  static constexpr int tied = 8, tied_whole = 9, programs = 10;
  enum class Place { bytes, scratch, output };  // where widened inputs lie

  static constexpr int quads = (count + 3) / 4, widened = 8 * quads, pass_bytes = 16 + 16 * quads;
  static constexpr Place place = count >= 32 && channels < 16                ? Place::bytes
                                 : roomy && count <= 4096                    ? Place::scratch
                                 : count % 4 == 0 && channels >= 2 * widened ? Place::output
                                 : count <= 256                              ? Place::scratch
                                                                             : Place::bytes;

  static constexpr int scratch(const GraphView&, const Value&) {
    return place == Place::scratch ? widened : 0;
  }
  static constexpr int stream_size(const GraphView& g, const Value& v) {  // at most
    const int general = General::stream_size(g, v);
    const int mine = 12 + (channels + 3) / 4 * pass_bytes;
    return general > mine ? general : mine;
  }

  // One multiplier, a shift that leaves room for scaled zero points, and sums that fit 24 bits.
  static constexpr bool ties(const GraphView& g, const Value& v, const Parameters& p) {
    if (!whole_range(v) || (count % 4 != 0 && place == Place::bytes)) return false;
    if (channels < 3 && count >= 64) return false;  // a pass makes four
    const FilterLayout layout = v.weights;
    const Multiplier m = channel_multiplier(g, v, p, 0);
    if (m.shift > -1 || m.shift < -14) return false;
    for (int o = 0; o < channels; ++o) {
      const Channel c = fold(g, v, p, o);
      const Taps taps(layout, p, o);
      if (c.multiplier != m || c.overflows || !fits_scaled(c, taps)) return false;
      if (o % 2 != 0 && !fits_pair(Taps(layout, p, o - 1), taps, c.bias)) return false;
    }
    return true;
  }
  static constexpr bool fits_scaled(const Channel& c, const Taps& taps) {
    return reach_of(taps) + (c.bias < 0 ? -std::int64_t{c.bias} : c.bias) < 1 << 23;
  }
  static constexpr void pack(const GraphView& g, const Value& v, const Parameters& p, Writer& to) {
    if (!ties(g, v, p)) return General::pack(g, v, p, to);
    to.program = v.quant.zero_point == -128 ? tied : tied_whole;
    const FilterLayout layout = v.weights;
    const Multiplier m = channel_multiplier(g, v, p, 0);
    const int shift = 6 - m.shift;
    to.put(m.multiplier);
    to.put(static_cast<std::int32_t>(64 + (2 * v.quant.zero_point + 1) * (1 << shift)));
    to.put(static_cast<std::int32_t>(shift));
    for (int first = 0; first < channels; first += 4) {
      if (to.skips(pass_bytes)) continue;
      std::int32_t bias[4]{};
      Taps taps[4]{Taps(layout, p, 0), Taps(layout, p, 0), Taps(layout, p, 0), Taps(layout, p, 0)};
      for (int i = 0; i < 4; ++i) {
        taps[i].count = 0;
        if (first + i >= channels) continue;
        bias[i] = fold(g, v, p, first + i).bias;
        taps[i] = Taps(layout, p, first + i);
      }
      for (int i = 0; i < 4; i += 2) {
        to.put(static_cast<std::int32_t>(static_cast<std::uint32_t>(bias[i + 1]) * 256 +
                                         static_cast<std::uint32_t>(bias[i])));
        to.put(bias[i]);
      }
      put_pairs<2>(to, taps, layout.taps);
    }
  }

  // All inputs as the halfwords that SXTB16 makes of four.
  static void widen(std::byte* to, const std::byte* from) {
    auto put = [&](std::uint32_t x) {
      store_aligned(to, even_bytes(x));
      store_aligned(to + 4, odd_bytes(x));
      to += 8;
    };
    for (const std::byte* const end = from + count / 4 * 4; from != end; from += 4)
      put(load<std::uint32_t>(from));
    if constexpr (count % 4 != 0) {
      std::uint32_t rest = 0;
      for (int i = 0; i < count % 4; ++i) rest |= static_cast<std::uint32_t>(from[i]) << 8 * i;
      put(rest);
    }
  }

  template <int program> static void run(const Task& task, const Band& band) {
    if constexpr (program < tied)
      General::template run<program>(task, band);
    else
      run_tied<program == tied_whole>(task, band);
  }
  template <bool whole> static void run_tied(const Task& task, const Band& band) {
    Reader stream{task.stream};
    const auto multiplier = stream.next<std::int32_t>(), rounding = stream.next<std::int32_t>();
    const auto shift = stream.next<std::int32_t>();
    std::byte* out = band.out[0];
    TiedRow row{stream.at, band.rows[0], out, channels / 4, multiplier, rounding, shift};
    if constexpr (place == Place::bytes) {
      if (channels >= 4) tied_fours<false, whole, quads>(&row);
    } else {
      std::byte* wide = band.scratch;
      if constexpr (place == Place::output) {
        wide = out + channels - widened;
        wide -= reinterpret_cast<std::uintptr_t>(wide) & 3;
        row.passes = (wide - out) / 4;
      }
      widen(wide, row.inputs);
      row.inputs = wide;
      if (channels >= 4) tied_fours<true, whole, quads>(&row);
    }
    if constexpr (place == Place::output) {
      const int passes = row.passes;
      row = {stream.at + passes * pass_bytes,
             band.rows[0],
             out + 4 * passes,
             channels / 4 - passes,
             multiplier,
             rounding,
             shift};
      tied_fours<false, whole, quads>(&row);
    }
    if constexpr (channels % 4 != 0) {  // outputs that are no pass of four, by way of `last`
      constexpr int done = channels / 4 * 4;
      std::byte last[4];
      row.stream = stream.at + channels / 4 * pass_bytes;
      row.out = last;
      row.passes = 1;
      tied_fours<place == Place::scratch, whole, quads>(&row);
      armv7em_isa::copy(out + done, last, channels - done);
    }
  }
};

// Dense, and all that is one: the input of an output pixel is the row itself.
template <bool roomy> struct TiedDenses {
  static constexpr const char* name = "armv7em.tied";
  static constexpr bool serves(const GraphView& g, int value) {
    return makes<std::int8_t>(g, value, op::conv) && g[value].shape.width == 1 &&
           Dense<void>::in_place(g, g[value]);
  }
  template <const auto& graph, int value> static constexpr auto kernel() {
    constexpr const Value& v = graph.values[value];
    return Tied<graph.view().window_size(v), v.shape.channels, roomy>{};
  }
};

}  // namespace graven::core::armv7em_isa

#endif
