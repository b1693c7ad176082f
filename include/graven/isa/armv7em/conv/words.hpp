// Convolutions and Dense of int16 with int8 weights: two products per SMLAD into sums of 32 bits,
// where these hold every sum; a word of weights is made halfwords by SXTB16 once for all pixels of
// a tile.
#pragma once

#if defined(__ARM_FEATURE_SIMD32) && defined(__thumb2__)

#include "graven/isa/armv7em/pairs.hpp"
#include "graven/isa/scalar/conv.hpp"
#include "graven/kernel/gather.hpp"

namespace graven::core::armv7em_isa {

using scalar_isa::Int16x8;

constexpr int least(int a, int b) { return a < b ? a : b; }

// The fast requantization of a sum of 32 bits: round(sum * factor / 2^32), which is requantize_wide
// for right shifts of its narrow multiplier from 16 to 32.
struct WordChannel {
  std::int32_t bias = 0, factor = 0;
  bool exact = true;

  constexpr WordChannel() = default;
  constexpr WordChannel(const GraphView& g, const Value& v, const Parameters& p, int o) {
    const Multiplier m = narrow(channel_multiplier(g, v, p, o));
    const int up = 17 + m.shift;  // to a right shift of 32
    Channel c;
    c.extremes = extremes_of<std::int8_t>(p.filter.int8 + v.weights.index(o, 0), v.weights.taps,
                                          v.weights.tap_step);
    const std::int64_t wide = bias_of(p, o), reach = 32768 * c.magnitude();
    constexpr std::int64_t most = (std::numeric_limits<std::int32_t>::max)();
    exact = up >= 0 && up <= 16 && wide <= most && wide >= -most && wide + reach <= most &&
            wide - reach >= -most;
    if (!exact) return;
    bias = static_cast<std::int32_t>(wide);
    factor = m.multiplier * (1 << up);
  }
};

// Have all outputs the fast requantization?
constexpr bool fits_words(const GraphView& g, const Value& v, const Parameters& p) {
  for (int o = 0; o < v.shape.channels; ++o)
    if (!WordChannel(g, v, p, o).exact) return false;
  return true;
}

// Sums of a tile's products: two outputs of two or three pixels, or four outputs of one. r0
// weights, r1 inputs, r4-r9 sums; the loops left lie on the stack.
template <int pixels, int unroll>
GRAVEN_NAKED void word_sums(const std::byte*, const std::byte*, int, std::int32_t*) {
  asm volatile(GRAVEN_ARMV7EM_TILE_PRODUCTS("%c0", "lr") R"(
  .macro add_output acc, w
    sxtb16 lr, \w ;  sxtb16 \w, \w, ror #8
    smlad \acc, lr, r2, \acc ;  smlad \acc, \w, r3, \acc
  .endm
    push {r4-r11, lr} ;  sub sp, #8 ;  strd r2, r3, [sp]
    mov r4, #0 ;  mov r5, #0 ;  mov r6, #0 ;  mov r7, #0 ;  mov r8, #0 ;  mov r9, #0
  1:
    .rept %c1
    .if %c0 == 1
    ldm r1!, {r2, r3} ;  ldm r0!, {r8, r9, r10, r11}
    add_output r4, r8 ;  add_output r5, r9 ;  add_output r6, r10 ;  add_output r7, r11
    .else
    ldrd r10, r11, [r0], #8 ;  inputs
    sxtb16 lr, r10 ;  add_products r4, r5, r6
    sxtb16 lr, r11 ;  add_products r7, r8, r9
    inputs
    sxtb16 lr, r10, ror #8 ;  add_products r4, r5, r6
    sxtb16 lr, r11, ror #8 ;  add_products r7, r8, r9
    .endif
    .endr
    ldr lr, [sp] ;  subs lr, #1 ;  str lr, [sp] ;  bne.w 1b
    ldr r0, [sp, #4] ;  stm r0, {r4-r9} ;  add sp, #8 ;  pop {r4-r11, pc}
  .purgem inputs ;  .purgem add_products ;  .purgem add_output
  )" ::"i"(pixels),
               "i"(unroll));
}

// A tile: `outputs` outputs of up to `most_pixels` pixels. Stream, per `outputs` outputs: int64
// bias, int32 multiplier, shift of each; then per four inputs a word of weights of each: w0, w2,
// w1, w3. Inputs: per four of them the first words of all pixels, then the second ones.
template <int outputs, int unroll> struct WordTile {
  static constexpr int record = 8;

  static constexpr int size(int channels, int quads) {
    return (channels + outputs - 1) / outputs * outputs * (record + 4 * quads);
  }
  static constexpr void pack(const GraphView& g, const Value& v, const Parameters& p, int quads,
                             Writer& to) {
    const int count = v.shape.channels;
    for (int first = 0; first < count; first += outputs) {
      if (to.skips(outputs * (record + 4 * quads))) continue;
      for (int o = first; o < first + outputs; ++o) {
        const WordChannel c = o < count ? WordChannel(g, v, p, o) : WordChannel();
        to.put(c.bias);
        to.put(c.factor);
      }
      for (int k = 0; k < 4 * quads; k += 4)
        for (int o = first; o < first + outputs; ++o) {
          const Taps taps(v.weights, p, least(o, count - 1));
          for (const int i : {0, 2, 1, 3})
            to.put(static_cast<std::int8_t>(o < count ? taps[k + i] : 0));
        }
    }
  }

  // All outputs of `pixels` pixels: 1, where `outputs` is 4, else 2 or 3.
  template <int pixels>
  [[gnu::noinline]] static void run(const Task& task, const std::byte* inputs, int quads,
                                    std::byte* out, int real_pixels = pixels) {
    const int count = task.out_channels;
    const Clamp range{task.low, task.high};
    const std::byte* stream = task.stream;
    for (int first = 0; first < count; first += outputs) {
      const std::byte* weights = stream + outputs * record;
      std::int32_t sums[6];
      word_sums<pixels, unroll>(weights, inputs, quads / unroll, sums);
      const int real = least(outputs, count - first);
      for (int o = 0; o < real; ++o, stream += record) {
        const auto bias = load_aligned<std::int32_t>(stream);
        const auto factor = load_aligned<std::int32_t>(stream + 4);
        auto put = [&](int sum, std::byte* to) {
          const std::int32_t y = smmulr(bias + sum, factor);
          store(to, static_cast<std::int16_t>(clamp(y, range)));
        };
        std::byte* to = out + 2 * (first + o);
        if constexpr (pixels == 1) {
          put(sums[o], to);
        } else {
          put(sums[3 * o], to);
          if (real_pixels > 1) put(sums[3 * o + 1], to + 2 * count);
          if (pixels == 3) put(sums[3 * o + 2], to + 4 * count);
        }
      }
      stream = weights + outputs * 4 * quads;
    }
  }
};

// The patch of a pixel; `t` counts bytes as channels.
template <class Copies> void collect(const Task& t, const Band& band, std::byte* to, int x) {
  const int first = x * t.stride_width - t.left;
  const int at_once = t.dilation_width == 1 ? t.filter_width : 1;
  for (int ky = 0; ky < t.rows; ++ky)
    for (int kx = 0; kx < t.filter_width; kx += at_once)
      to = copy_columns<Copies>(t, to, band.rows[ky], first + kx * t.dilation_width, at_once, 0,
                                t.in_channels);
}

template <int outputs, int unroll> struct WordConv : scalar_isa::Conv<Int16x8> {
  using General = scalar_isa::Conv<Int16x8>;
  using Tile = WordTile<outputs, unroll>;
  static constexpr const char* name = "armv7em.int16";
  static constexpr int programs = 2, most_pixels = outputs == 2 ? 3 : 1;

  static constexpr int quads_of(const Value& v) { return (v.weights.taps + 3) / 4; }
  // The patches of a tile, one after the other (General's is one of them), then word by word.
  static constexpr int scratch(const GraphView&, const Value& v) {
    return (most_pixels == 1 ? 1 : 2 * most_pixels) * 8 * quads_of(v);
  }
  static constexpr int stream_size(const GraphView& g, const Value& v) {
    const int general = General::stream_size(g, v),
              mine = Tile::size(v.shape.channels, quads_of(v));
    return general > mine ? general : mine;
  }
  static constexpr void pack(const GraphView& g, const Value& v, const Parameters& p, Writer& to) {
    if (!fits_words(g, v, p)) return General::pack(g, v, p, to);
    to.program = 1;
    Tile::pack(g, v, p, quads_of(v), to);
  }

  template <int program> static void run(const Task& task, const Band& band) {
    if constexpr (program == 0)
      General::run(task, band);
    else
      run_tiles(task, band);
  }
  static void run_tiles(const Task& task, const Band& band) {
    Task bytes = task;
    bytes.in_channels = static_cast<std::uint16_t>(2 * task.in_channels);
    const int width = task.out_width, pixel = 2 * task.out_channels;
    const int quads = (task.rows * task.filter_width * task.in_channels + 3) / 4, pitch = 8 * quads;
    std::byte *out = band.out[0], *patches = band.scratch;
    if constexpr (most_pixels == 1) {
      collect<ByteCopies<true>>(bytes, band, patches, 0);
      Tile::template run<1>(task, patches, quads, out);
    } else {
      std::byte* const words = patches + most_pixels * pitch;
      for (int x = 0; x < width; x += most_pixels, out += most_pixels * pixel) {
        const int pixels = least(most_pixels, width - x);
        for (int i = 0; i < pixels; ++i)
          collect<ByteCopies<true>>(bytes, band, patches + i * pitch, x + i);
        if (pixels == most_pixels) {
          by_words<3>(words, patches, pitch);
          Tile::template run<3>(task, words, quads, out, pixels);
        } else {  // one of both may be nobody's
          by_words<2>(words, patches, pitch);
          Tile::template run<2>(task, words, quads, out, pixels);
        }
      }
    }
  }
  template <int pixels> static void by_words(std::byte* to, const std::byte* patches, int pitch) {
    for (int at = 0; at < pitch; at += 4, to += 4 * pixels)
#pragma GCC unroll 3
      for (int i = 0; i < pixels; ++i)
        store_aligned(to + 4 * i, load_aligned<std::uint32_t>(patches + i * pitch + at));
  }
};

struct WordConvs {
  static constexpr const char* name = "armv7em.int16";
  static constexpr bool serves(const GraphView& g, int value) {
    return scalar_isa::computes<Int16x8>(g, value, op::conv) &&
           2 * g.input(g[value]).shape.channels <= 65535;
  }
  template <const auto& graph, int value> static constexpr auto kernel() {
    constexpr const Value& v = graph.values[value];
    constexpr int quads = (v.weights.taps + 3) / 4;
    constexpr int unroll = quads % 4 == 0 ? 4 : quads % 2 == 0 ? 2 : 1;
    return WordConv<(v.shape.width > 1 ? 2 : 4), unroll>{};
  }
};

}  // namespace graven::core::armv7em_isa

#endif
