// Convolutions with weights of four bits: byte k holds those of two outputs, 16 * w1 + (w0 + 8).
// SMLAD of bytes as halfwords gives S1 = sum((16 * w1 + w0 + 8) * x), of their low four bits alone
// S0 = sum((w0 + 8) * x): (S1 - S0) / 16 is one output's sum, S0 - 8 * sum(x) the other's, and
// sum(x) is the same for all outputs.
#pragma once

#if defined(__ARM_FEATURE_SIMD32) && defined(__thumb2__)

#include "graven/isa/armv7em/conv/plain.hpp"
#include "graven/isa/scalar/conv.hpp"

namespace graven::core::armv7em_isa {

using scalar_isa::Int8x4;

constexpr std::int8_t nibble_pair(const Taps& low, const Taps& high, int k) {
  return static_cast<std::int8_t>(16 * high[k] + low[k] + 8);
}

// Read by the assembler below.
struct NibbleLoop {
  std::int32_t pixel_step, twice_zero, loops;
  std::int32_t corrections[3]{};  // -8 * sum(x) of each pixel
};

// All outputs of a tile of two or three pixels, two at a time. Stream, per two outputs: bias of the
// first; a word per four inputs; bias of the second; shift - 1 and multiplier of both. r0 ends at
// `end`.
//   r0 stream, r1 tile, r2 r3 r12 inputs, r4-r6 S1, r7-r9 S0, r10 weights, r11 halfwords, lr loops
//   [sp] tile, out, end, loop
template <int pixels, int unroll>
GRAVEN_NAKED void nibble_pairs(const std::byte*, const std::byte*, std::byte*, const NibbleLoop*,
                               const std::byte*) {
  asm volatile(GRAVEN_ARMV7EM_TILE_PRODUCTS("%c0", "r11") R"(
  .macro half
    add_products r4, r5, r6 ;  and r11, r11, #0x000f000f ;  add_products r7, r8, r9
  .endm
  .macro finish acc
    add r2, r3, \acc, asr #31 ;  lsl \acc, #1 ;  smmlar \acc, \acc, r11, r2 ;  asr \acc, r10
    ssat \acc, #8, \acc, asr #1
  .endm
  .macro output a, b, c
    ldrd r10, r11, [r0], #8 ;  lsl r3, lr, r10
    finish \a ;  finish \b ;  .if %c0 == 3 ;  finish \c ;  .endif
    strb \b, [r12, r1] ;  .if %c0 == 3 ;  strb \c, [r12, r1, lsl #1] ;  .endif
    strb \a, [r12], #1
  .endm
    ldr r12, [sp] ;  push {r4-r11, lr} ;  sub sp, #20
    strd r1, r2, [sp] ;  strd r12, r3, [sp, #8]
  1:
    ldr r12, [sp, #12] ;  ldr r10, [r0], #4 ;  ldr lr, [r12, #8]
    ldrd r7, r8, [r12, #12] ;  add r7, r10 ;  mov r4, r7 ;  add r8, r10 ;  mov r5, r8
    .if %c0 == 3 ;  ldr r9, [r12, #20] ;  add r9, r10 ;  mov r6, r9 ;  .endif
  2:
    .rept %c1
    ldr r10, [r0], #4 ;  inputs ;  sxtb16 r11, r10 ;  half
    inputs ;  sxtb16 r11, r10, ror #8 ;  half
    .endr
    subs lr, #1 ;  bne.w 2b
    ldr r10, [r0], #4 ;  ldr r2, [sp, #12] ;  ldr r12, [sp, #4] ;  ldrd r1, lr, [r2]
    sub r4, r7 ;  add r4, r10, r4, asr #4 ;  sub r5, r8 ;  add r5, r10, r5, asr #4
    .if %c0 == 3 ;  sub r6, r9 ;  add r6, r10, r6, asr #4 ;  .endif
    output r7, r8, r9 ;  output r4, r5, r6
    str r12, [sp, #4] ;  ldrd r1, r2, [sp] ;  ldr r2, [sp, #8] ;  cmp r0, r2 ;  bne.w 1b
    add sp, #20 ;  pop {r4-r11, pc}
  .purgem inputs ;  .purgem add_products ;  .purgem half ;  .purgem finish ;  .purgem output
  )" ::"i"(pixels),
               "i"(unroll));
}

// -8 times the sum of each pixel's inputs.
template <int pixels> inline void correct(NibbleLoop& loop, const std::byte* tile, int quads) {
  std::int32_t sums[3]{};
  for (; quads > 0; --quads, tile += 8 * pixels)
#pragma GCC unroll 6
    for (int i = 0; i < 2 * pixels; ++i)
      sums[i % pixels] =
          smlad(load_aligned<std::uint32_t>(tile + 4 * i), 0x00010001u, sums[i % pixels]);
  for (int i = 0; i < pixels; ++i) loop.corrections[i] = -8 * sums[i];
}

// Of an odd number of outputs, the last but one is computed twice.
template <class Patches, int quads> struct NibbleConv : scalar_isa::Conv<Int8x4> {
  using General = scalar_isa::Conv<Int8x4>;
  static constexpr int programs = 2, pair_bytes = 24 + 4 * quads, tile_bytes = 24 * quads;

  static constexpr int scratch(const GraphView& g, const Value& v) {
    const int mine = tile_bytes + Patches::extra(g, v), general = General::scratch(g, v);
    return mine > general ? mine : general;
  }
  static constexpr int stream_size(const GraphView& g, const Value& v) {
    const int mine = (v.shape.channels + 1) / 2 * pair_bytes, general = General::stream_size(g, v);
    return mine > general ? mine : general;
  }
  static constexpr void pack(const GraphView& g, const Value& v, const Parameters& p, Writer& to) {
    if (v.shape.channels < 2 || !fits_fast(g, v, p)) return General::pack(g, v, p, to);
    to.program = 1;
    const int count = v.shape.channels;
    for (int pair = 0; pair < (count + 1) / 2; ++pair) {
      if (to.skips(pair_bytes)) continue;
      const int o = 2 * pair + 1 < count ? 2 * pair : count - 2;
      const Channel channels[2]{fold(g, v, p, o), fold(g, v, p, o + 1)};
      const Taps low(v.weights, p, o), high(v.weights, p, o + 1);
      to.put(channels[0].bias);
      for (int k = 0; k < 4 * quads; ++k) to.put(nibble_pair(low, high, k));
      to.put(channels[1].bias);
      for (const Channel& c : channels) {
        to.put(static_cast<std::int32_t>(-c.multiplier.shift - 1));
        to.put(c.multiplier.multiplier);
      }
    }
  }

  template <int pixels>
  static void run_tile(const Task& t, const std::byte* tile, std::byte* out, NibbleLoop& loop) {
    constexpr int unroll = unroll_of(quads);
    const std::byte* const end = t.stream + t.out_channels / 2 * pair_bytes;
    correct<pixels>(loop, tile, quads);
    nibble_pairs<pixels, unroll>(t.stream, tile, out, &loop, end);
    if (t.out_channels % 2 != 0)
      nibble_pairs<pixels, unroll>(end, tile, out + t.out_channels - 2, &loop, end + pair_bytes);
  }
  template <int program> static void run(const Task& task, const Band& band) {
    if constexpr (program == 0) {
      General::run(task, band);
    } else {
      const Task t = task;
      NibbleLoop loop{t.out_channels, 2 * t.out_zero + 1, quads / unroll_of(quads)};
      std::byte *out = band.out[0], *tile = band.scratch, *extra = tile + tile_bytes;
      Patches::start(t, band, extra);
      for (int x = 0; x < t.out_width;) {
        const int pixels = tile_pixels(t.out_width - x);
        Patches::gather(t, band, tile, extra, x, pixels);
        if (pixels == 3)
          run_tile<3>(t, tile, out, loop);
        else
          run_tile<2>(t, tile, out, loop);
        x += pixels;
        out += pixels * t.out_channels;
      }
    }
  }
};

struct NibbleConvs {
  static constexpr const char* name = "armv7em.int4";
  static constexpr bool serves(const GraphView& g, int value) {
    return scalar_isa::computes<Int8x4>(g, value, op::conv) && g[value].shape.width > 1;
  }
  template <const auto& graph, int value> static constexpr auto kernel() {
    constexpr GraphView g = graph.view();
    constexpr const Value& v = graph.values[value];
    constexpr int quads = round4(Windows::taps(g, v)) / 4;
    if constexpr (Points::serves(g, v))
      return NibbleConv<Points, quads>{};
    else if constexpr (Windows::serves(g, v))
      return NibbleConv<Windows, quads>{};
    else
      return NibbleConv<Bytes<v.filter.width * g.input(v).shape.channels>, quads>{};
  }
};

}  // namespace graven::core::armv7em_isa

#endif
