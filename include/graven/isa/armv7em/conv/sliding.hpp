// Convolutions whose neighbouring windows are two elements apart (one channel and stride 2, two
// channels and stride 1): three windows share a strip of the row, widened once; each is a word
// further in it than the one before. Two outputs share halfwords as in pairs.hpp.
#pragma once

#if defined(__ARM_FEATURE_SIMD32) && defined(__thumb2__)

#include "graven/isa/armv7em/conv/tiles.hpp"
#include "graven/isa/armv7em/row_kind.hpp"
#include "graven/isa/scalar/conv.hpp"

namespace graven::core::armv7em_isa {

// What a tile needs. Read by the assembler below.
struct SlidingTile {
  const std::byte *stream, *strips;
  std::byte* out;
  std::int32_t pixel_step, pairs, twice_zero;
};

// Three pixels of all outputs. Stream, per pair of outputs: the sums' starts (256 times the second
// bias plus the first, the first), words of weights, multiplier and shift of both; above the shift
// which of both outputs it is. `words` (even) per row of the window, of which there are `loops`
// times `unroll`.
//   r0 stream, r1 strips, r2 r3 r12 inputs, r4-r6 S1, r7-r9 S0, r10 r11 weights, lr loops left
//   [sp] strips, out, pixel_step, pairs, twice_zero
template <int words, int unroll, int loops, bool whole>
GRAVEN_NAKED void sliding3(const SlidingTile*) {
  asm volatile(R"(
  .macro products w, a, b, c
    smlad r4, \w, \a, r4 ;  smlad r5, \w, \b, r5 ;  smlad r6, \w, \c, r6 ;  sxtb16 \w, \w
    smlad r7, \w, \a, r7 ;  smlad r8, \w, \b, r8 ;  smlad r9, \w, \c, r9
  .endm
  .macro tap n, w
    .if \n %% 3 == 0
    .if \n > 0 ;  ldr r12, [r1], #4 ;  .endif ;  products \w, r2, r3, r12
    .elseif \n %% 3 == 1 ;  ldr r2, [r1], #4 ;  products \w, r3, r12, r2
    .else ;  ldr r3, [r1], #4 ;  products \w, r12, r2, r3 ;  .endif
  .endm
  .macro two n
    .if \n < %c0 ;  ldrd r10, r11, [r0], #8 ;  tap \n, r10 ;  tap (\n+1), r11 ;  .endif
  .endm
  .macro finish acc, m, shift, c
    .if %c3 ;  asr r1, \acc, #31 ;  add r1, \c, r1, lsl #7 ;  smmla \acc, \acc, \m, r1
    .else ;  smmla \acc, \acc, \m, \c ;  .endif
    asr \acc, \shift ;  ssat \acc, #8, \acc, asr #1
  .endm
    push {r4-r11, lr} ;  sub sp, #20 ;  ldm r0, {r0-r5}
    strd r1, r2, [sp] ;  strd r3, r4, [sp, #8] ;  str r5, [sp, #16]
  1:
    ldrd r4, r7, [r0], #8 ;  ldr r1, [sp]
    mov r5, r4 ;  mov r6, r4 ;  mov r8, r7 ;  mov r9, r7 ;  mov lr, #%c2
  2:
    .rept %c1
    ldm r1!, {r2, r3, r12}
    two 0 ;  two 2 ;  two 4 ;  two 6 ;  two 8 ;  two 10 ;  two 12 ;  two 14
    .endr
    subs lr, #1 ;  bne.w 2b
    ldm r0!, {r2, r3, r10, r11} ;  ldr r12, [sp, #16]
    sub r4, r4, r7 ;  sub r5, r5, r8 ;  sub r6, r6, r9 ;  lsl r7, #8 ;  lsl r8, #8 ;  lsl r9, #8
    lsl lr, r12, r3 ;  add lr, #64 ;  lsl r12, r11 ;  add r12, #64
    finish r7, r2, r3, lr ;  finish r8, r2, r3, lr ;  finish r9, r2, r3, lr
    finish r4, r10, r11, r12 ;  finish r5, r10, r11, r12 ;  finish r6, r10, r11, r12
    ldrd r1, r2, [sp, #4] ;  add r3, r1, r3, lsr #8
    strb r7, [r3] ;  strb r8, [r3, r2] ;  strb r9, [r3, r2, lsl #1] ;  add r3, r1, r11, lsr #8
    strb r4, [r3] ;  strb r5, [r3, r2] ;  strb r6, [r3, r2, lsl #1] ;  add r1, #2
    ldr r2, [sp, #12] ;  str r1, [sp, #4] ;  subs r2, #1 ;  str r2, [sp, #12] ;  bne.w 1b
    add sp, #20 ;  pop {r4-r11, pc}
  .purgem products ;  .purgem tap ;  .purgem two ;  .purgem finish
  )" ::"i"(words),
               "i"(unroll), "i"(loops), "i"(whole ? 1 : 0));
}

// Packing chooses: pairs in either order, for outputs whose zero point is the least value or not;
// where they do not fit, what scalar does. `run_length`: elements of a row of the window.
template <int run_length, int rows> struct Sliding : scalar_isa::Conv<scalar_isa::Int8> {
  using General = scalar_isa::Conv<scalar_isa::Int8>;
  enum Program { general, floored, whole };
  static constexpr int programs = 3;
  static constexpr int words = (run_length + 3) / 4 * 2, strip = 2 * (words + 2);  // in elements
  static constexpr int pair_bytes = 24 + 4 * words * rows;

  static constexpr int scratch(const GraphView& g, const Value& v) {
    const int least = General::scratch(g, v), mine = 2 * strip * rows;
    return mine > least ? mine : least;
  }
  static constexpr int stream_size(const GraphView& g, const Value& v) {  // at most
    const int least = General::stream_size(g, v), mine = v.shape.channels / 2 * pair_bytes;
    return mine > least ? mine : least;
  }

  static constexpr bool fits(const Channel& c, const Taps& taps) {
    const std::int64_t reach = reach_of(taps) + (c.bias < 0 ? -std::int64_t{c.bias} : c.bias);
    return reach < 1 << 23 && c.multiplier.shift <= -1 && c.multiplier.shift >= -14;
  }
  // Is output o + 1 the high one of its pair, is it the low one, or does neither fit?
  enum class Turn { none, as_is, turned };
  static constexpr Turn turn(const FilterLayout& layout, const Parameters& p, int o) {
    const Taps a(layout, p, o), b(layout, p, o + 1);
    return fits_pair(a, b, 0) ? Turn::as_is : fits_pair(b, a, 0) ? Turn::turned : Turn::none;
  }
  static constexpr bool fits(const GraphView& g, const Value& v, const Parameters& p) {
    const FilterLayout layout = v.weights;
    if (!whole_range(v)) return false;
    for (int o = 0; o < v.shape.channels; ++o) {
      const Channel c = fold(g, v, p, o);
      if (c.overflows || !fits(c, Taps(layout, p, o))) return false;
      if (o % 2 == 0 && turn(layout, p, o) == Turn::none) return false;
    }
    return true;
  }
  // The weights of an element of the strip, or none.
  static constexpr std::uint32_t half(const Taps& low, const Taps& high, int ky, int k) {
    const int tap = ky * run_length + k;
    return k < run_length ? static_cast<std::uint32_t>(256 * high[tap] + low[tap]) & 0xffff : 0;
  }
  static constexpr void pack(const GraphView& g, const Value& v, const Parameters& p, Writer& to) {
    if (!fits(g, v, p)) return General::pack(g, v, p, to);
    to.program = v.quant.zero_point == -128 ? floored : whole;
    const FilterLayout layout = v.weights;
    for (int o = 0; o < v.shape.channels; o += 2) {
      if (to.skips(pair_bytes)) continue;
      const int first = turn(layout, p, o) == Turn::turned ? 1 : 0, second = 1 - first;
      const Channel a = fold(g, v, p, o + first), b = fold(g, v, p, o + second);
      const Taps low(layout, p, o + first), high(layout, p, o + second);
      to.put(static_cast<std::int32_t>(static_cast<std::uint32_t>(b.bias) * 256 +
                                       static_cast<std::uint32_t>(a.bias)));
      to.put(a.bias);
      for (int ky = 0; ky < rows; ++ky)
        for (int k = 0; k < 2 * words; k += 2)
          to.put(half(low, high, ky, k) | half(low, high, ky, k + 1) << 16);
      to.put(a.multiplier.multiplier);
      to.put(static_cast<std::int32_t>((6 - a.multiplier.shift) | first << 8));
      to.put(b.multiplier.multiplier);
      to.put(static_cast<std::int32_t>((6 - b.multiplier.shift) | second << 8));
    }
  }

  // Halfwords of a strip, in order. One piece of assembler per word of bytes: the compiler, which
  // chooses its branches by how long assembler looks, does not see through repetitions.
  [[gnu::always_inline]] static std::byte* widen(std::byte* to, const std::byte* from) {
#pragma GCC unroll 16
    for (int left = strip / 4; left > 0; --left) {
      std::uint32_t a, b, c;
      asm volatile(R"(
      ldr %[a], [%[from]], #4
      sxtb16 %[b], %[a], ror #8
      sxtb16 %[a], %[a]
      pkhbt %[c], %[a], %[b], lsl #16
      pkhtb %[b], %[b], %[a], asr #16
      strd %[c], %[b], [%[to]], #8
      )"
                   : [to] "+r"(to), [from] "+r"(from), [a] "=&r"(a), [b] "=&r"(b), [c] "=&r"(c)
                   :
                   : "memory");
    }
    return to;
  }
  // The strips of the tile whose first window begins at element `first` of the rows.
  GRAVEN_OPTIMIZE("no-tree-loop-distribute-patterns")
  static void gather(const Task& t, const Band& band, int first) {
    const int length = t.in_width * t.in_channels;
    int before = first < 0 ? -first : 0;
    if (before > strip) before = strip;
    int inside = length - first - before;
    if (inside > strip - before) inside = strip - before;
    if (inside < 0) inside = 0;
    std::byte* to = band.scratch;
    for (int ky = 0; ky < rows; ++ky) {
      const std::byte* row = band.rows[ky];
      if (row != nullptr && inside == strip) {
        to = widen(to, row + first);
        continue;
      }
      std::byte bytes[std::size_t{strip}];
      fill(bytes, t.in_zero, strip);
      if (row != nullptr) armv7em_isa::copy(bytes + before, row + first + before, inside);
      to = widen(to, bytes);
    }
  }

  template <int program> static void run(const Task& task, const Band& band) {
    if constexpr (program == general) {
      General::run(task, band);
    } else {
      constexpr int unroll = rows % 5 == 0 ? 5 : rows % 3 == 0 ? 3 : rows % 2 == 0 ? 2 : 1;
      const Task t = task;
      std::byte* out = band.out[0];
      for (int x = 0; x < t.out_width; x += 3) {
        if (x > t.out_width - 3) x = t.out_width - 3;  // some pixels once more
        gather(t, band, (x * t.stride_width - t.left) * t.in_channels);
        const SlidingTile tile{t.stream,       band.scratch,       out + x * t.out_channels,
                               t.out_channels, t.out_channels / 2, 2 * t.out_zero + 1};
        sliding3<words, unroll, rows / unroll, program == whole>(&tile);
      }
    }
  }
};

struct SlidingConvs {
  static constexpr const char* name = "armv7em.sliding";
  static constexpr bool serves(const GraphView& g, int value) {
    const Value& v = g[value];
    if (!makes<std::int8_t>(g, value, op::conv) || rows_of(g, value) != RowKind::pixels)
      return false;
    const int run = v.filter.width * g.input(v).shape.channels;
    return v.stride.width * g.input(v).shape.channels == 2 && v.dilation.width == 1 && run >= 8 &&
           (run + 3) / 4 * 2 <= 16 && v.shape.width >= 3 && v.shape.channels % 2 == 0;
  }
  template <const auto& graph, int value> static constexpr auto kernel() {
    constexpr const Value& v = graph.values[value];
    constexpr int run = v.filter.width * graph.views[v.first_input].shape.channels;
    return Sliding<run, v.filter.height>{};
  }
};

}  // namespace graven::core::armv7em_isa

#endif
