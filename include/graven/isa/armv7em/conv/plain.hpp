// The matmul where two outputs do not share halfwords (pairs.hpp): two outputs of weights as bytes,
// each made halfwords by SXTB16. An eighth slower, with any weights.
#pragma once

#if defined(__ARM_FEATURE_SIMD32) && defined(__thumb2__)

#include "graven/isa/armv7em/conv/conv.hpp"

namespace graven::core::armv7em_isa {

// Read by the assembler below: bytes to the next pixel and channel, 2 * zero_point + 1, and how
// often the inner loop runs.
struct PlainLoop {
  std::int32_t pixel_step, channel_step, twice_zero, loops;
};

// All outputs of a tile of two or three pixels, two at a time. Stream, per two outputs: biases; per
// four inputs a word of weights of both; shift - 1 and multiplier of both. r0 ends at `end`.
//   r0 stream, r1 tile, r2 r3 r12 inputs, r4-r6 and r7-r9 sums, r10 r11 weights, lr halfwords
//   [sp] tile, out, end, loops left; pixel_step, channel_step, twice_zero, loops
template <int pixels, int unroll, bool planar>
GRAVEN_NAKED void plain(const std::byte*, const std::byte*, std::byte*, const PlainLoop*,
                        const std::byte*) {
  asm volatile(GRAVEN_ARMV7EM_TILE_PRODUCTS("%c0", "lr") R"(
  .macro finish acc
    add r2, r3, \acc, asr #31 ;  lsl \acc, #1 ;  smmlar \acc, \acc, r11, r2 ;  asr \acc, r10
    .if %c2 ;  usat \acc, #8, \acc, asr #1 ;  .else ;  ssat \acc, #8, \acc, asr #1 ;  .endif
  .endm
  .macro output a, b, c
    ldrd r10, r11, [r0], #8 ;  ldr r3, [sp, #24] ;  lsl r3, r10
    finish \a ;  finish \b ;  .if %c0 == 3 ;  finish \c ;  .endif
    strb \a, [r12] ;  strb \b, [r12, r1] ;  .if %c0 == 3 ;  strb \c, [r12, r1, lsl #1] ;  .endif
    add r12, lr
  .endm
    ldr r12, [sp] ;  push {r4-r11, lr} ;  sub sp, #36
    strd r1, r2, [sp] ;  str r12, [sp, #8]
    ldm r3, {r4-r7} ;  strd r4, r5, [sp, #16] ;  strd r6, r7, [sp, #24]
  1:
    ldrd r4, r7, [r0], #8 ;  ldr lr, [sp, #28]
    mov r5, r4 ;  mov r6, r4 ;  mov r8, r7 ;  mov r9, r7
  2:
    str lr, [sp, #12]
    .rept %c1
    ldrd r10, r11, [r0], #8 ;  inputs
    sxtb16 lr, r10 ;  add_products r4, r5, r6
    sxtb16 lr, r11 ;  add_products r7, r8, r9
    inputs
    sxtb16 lr, r10, ror #8 ;  add_products r4, r5, r6
    sxtb16 lr, r11, ror #8 ;  add_products r7, r8, r9
    .endr
    ldr lr, [sp, #12] ;  subs lr, #1 ;  bne.w 2b
    ldr r12, [sp, #4] ;  ldrd r1, lr, [sp, #16]
    output r4, r5, r6 ;  output r7, r8, r9
    str r12, [sp, #4] ;  ldr r1, [sp] ;  ldr r2, [sp, #8] ;  cmp r0, r2 ;  bne.w 1b
    add sp, #36 ;  pop {r4-r11, pc}
  .purgem inputs ;  .purgem add_products ;  .purgem finish ;  .purgem output
  )" ::"i"(pixels),
               "i"(unroll), "i"(planar ? 1 : 0));
}

// Has each output the fast requantization (dsp.hpp), which doubles sums of any part of its weights?
constexpr bool fits_fast(const GraphView& g, const Value& v, const Parameters& p) {
  if (!whole_range(v)) return false;
  for (int o = 0; o < v.shape.channels; ++o) {
    const Channel c = fold(g, v, p, o);
    const std::int64_t bias = c.plain_bias, most = 256 * c.magnitude();
    if (c.overflows || c.multiplier.shift > -1 || c.multiplier.shift < -22 ||
        bias + most >= 1 << 30 || bias - most < -(1 << 30))
      return false;
  }
  return true;
}

// General, or `plain` where it would compute each output by itself.
template <class Patches, int quads, RowKind rows> struct PlainConv : Conv<Patches, quads, rows> {
  using General = Conv<Patches, quads, rows>;
  static constexpr int plain_program = 8, programs = plain_program + 1;
  static constexpr bool planar = rows != RowKind::pixels;
  static constexpr int pair_bytes = 24 + 8 * quads;

  static constexpr int stream_size(const GraphView& g, const Value& v) {  // at most
    const int general = General::stream_size(g, v), mine = v.shape.channels / 2 * pair_bytes;
    return general > mine ? general : mine;
  }
  static constexpr void pack(const GraphView& g, const Value& v, const Parameters& p, Writer& to) {
    if (General::fits_pairs(g, v, p) || v.shape.channels % 2 != 0 || !fits_fast(g, v, p))
      return General::pack(g, v, p, to);
    to.program = plain_program;
    const FilterLayout layout = v.weights;
    for (int o = 0; o < v.shape.channels; o += 2) {
      if (to.skips(pair_bytes)) continue;
      const Channel channels[2]{fold(g, v, p, o), fold(g, v, p, o + 1)};
      const Taps taps[2]{Taps(layout, p, o), Taps(layout, p, o + 1)};
      for (const Channel& c : channels) to.put(c.bias);
      for (int k = 0; k < 4 * quads; k += 4)
        for (const Taps& t : taps)
          for (int i = k; i < k + 4; ++i) to.put(static_cast<std::int8_t>(t[i]));
      for (const Channel& c : channels) {
        to.put(static_cast<std::int32_t>(-c.multiplier.shift - 1));
        to.put(c.multiplier.multiplier);
      }
    }
  }

  template <int program> static void run(const Task& task, const Band& band) {
    if constexpr (program != plain_program)
      General::template run<program>(task, band);
    else
      run_plain(task, band);
  }
  static void run_plain(const Task& task, const Band& band) {
    constexpr int unroll = unroll_of(quads), front = rows == RowKind::padded ? 1 : 0;
    const Task& t = task;  // what stores to `out` is assembler: nothing is read twice for it
    const int pitch = t.out_width + front;
    const PlainLoop loop{planar ? 1 : t.out_channels, planar ? pitch : 1,
                         2 * t.out_zero + (planar ? 257 : 1), quads / unroll};
    const std::byte* end = t.stream + t.out_channels / 2 * pair_bytes;
    std::byte *out = band.out[0], *tile = band.scratch, *extra = tile + General::tile_bytes;
    for (int c = 0; front != 0 && c <= t.out_channels; ++c) out[c * pitch] = std::byte{0};
    out += front;
    Patches::start(t, band, extra);
    for (int x = 0; x < t.out_width;) {
      const int pixels = tile_pixels(t.out_width - x);
      Patches::gather(t, band, tile, extra, x, pixels);
      if (pixels == 3)
        plain<3, unroll, planar>(t.stream, tile, out, &loop, end);
      else
        plain<2, unroll, planar>(t.stream, tile, out, &loop, end);
      x += pixels;
      out += pixels * loop.pixel_step;
    }
  }
};

template <const auto& graph, int value, class Patches> constexpr auto plain_conv() {
  constexpr GraphView g = graph.view();
  constexpr int quads = round4(Windows::taps(g, g[value])) / 4;
  return PlainConv<Patches, quads, rows_of(g, value)>{};
}
// Of patches that are gathered so.
template <class Patches> struct PlainConvs {
  static constexpr const char* name = Patches::name;
  static constexpr bool serves(const GraphView& g, int value) {
    return makes<std::int8_t>(g, value, op::conv) && Patches::serves(g, g[value]);
  }
  template <const auto& graph, int value> static constexpr auto kernel() {
    return plain_conv<graph, value, Patches>();
  }
};

struct ByteConvs {
  static constexpr const char* name = "armv7em.bytes";
  static constexpr bool serves(const GraphView& g, int value) {
    return makes<std::int8_t>(g, value, op::conv);
  }
  template <const auto& graph, int value> static constexpr auto kernel() {
    constexpr const Value& v = graph.values[value];
    constexpr int run = v.filter.width * graph.views[v.first_input].shape.channels;
    return plain_conv<graph, value, Bytes<run>>();
  }
};

}  // namespace graven::core::armv7em_isa

#endif
