// Depthwise convolutions of any filter size in tiles of up to four outputs: two rows of the filter
// at once, as halfwords for SMLAD.
#pragma once

#if defined(__ARM_FEATURE_SIMD32) && defined(__thumb2__)

#include "graven/isa/armv7em/conv/tiles.hpp"
#include "graven/isa/armv7em/depthwise/depthwise.hpp"
#include "graven/isa/armv7m/tile.hpp"
#include "graven/isa/shared/tiled_depthwise.hpp"

namespace graven::core::armv7em_isa {

// Stream, per channel: FastChannel's word; per run of two rows of the filter words of
// two taps: the upper row's and the lower row's; runs of a last row as bytes; multiplier.
//   r0 stream, r1 r2 inputs, r3 pixel, r4-r7 sums, r8-r11 inputs as halfwords, r12 weights, lr
//   weights, or an input;  [sp] DepthwiseTile (runs_end: of two rows; channel instead of stream;
//   tap from where lone taps end), word, run, r1 and r2
template <TapRuns runs> GRAVEN_NAKED void depthwise_tile(const DepthwiseTile*) {
  asm volatile(
      // Assembler macros for a tap: `input`, the n-th of those that are a pixel apart, and the row
      // below it in the upper half where .Lrows is 2; `products` adds tap j of a run to all sums.
      // r1 and r2 point to input .Lbase.
      R"(
  .macro halves to, at:vararg
    ldrsb \to, [r1, \at]
    .if .Lrows == 2 ;  ldrsb lr, [r2, \at] ;  pkhbt \to, \to, lr, lsl #16 ;  .endif
  .endm
  .macro input n, to
    .if \n - .Lbase > 2
    add r1, r1, r3, lsl #1 ;  .if .Lrows == 2 ;  add r2, r2, r3, lsl #1 ;  .endif
    .set .Lbase, .Lbase + 2
    .endif
    .if \n == .Lbase ;  halves \to, #0 ;  .elseif \n == .Lbase + 1 ;  halves \to, r3
    .else ;  halves \to, r3, lsl #1 ;  .endif
  .endm
  .macro product x, sum
    .if .Lrows == 2 ;  smlad \sum, \x, lr, \sum ;  .else ;  smlabb \sum, \x, lr, \sum ;  .endif
  .endm
  .macro products j, a, b, c, d
    .if .Lrows == 1 ;  ldrsb lr, [r0, #\j] ;  .elseif (\j) & 1 ;  sxtb16 lr, r12, ror #8
    .else ;  ldr r12, [r0, #2 * (\j)] ;  sxtb16 lr, r12 ;  .endif
    product \a, r4 ;  .if %c[outputs] > 1 ;  product \b, r5 ;  .endif
    .if %c[outputs] > 2 ;  product \c, r6 ;  .endif
    .if %c[outputs] > 3 ;  product \d, r7 ;  .endif
  .endm
  .macro first_inputs count
    .set .Lbase, 0 ;  .set .Lskip, 0
    .if \count > 0 ;  input 0, r8 ;  .endif ;  .if \count > 1 ;  input 1, r9 ;  .endif
    .if \count > 2 ;  input 2, r10 ;  .endif ;  .if \count > 3 ;  input 3, r11 ;  .endif
  .endm
  )"
      // `run_taps`: all taps of a run. Inputs that taps share stay in registers; before the next
      // tap .Lskip more are loaded.
      R"(
  .macro next_tap
    ldr lr, [sp, #20] ;  add r1, lr ;  .if .Lrows == 2 ;  add r2, lr ;  .endif
  .endm
  .macro shared_taps n, j, k, a, b, c, d
    .if \k < %c[length]
    .if %c[outputs] == 1 ;  input \n, \a ;  .elseif %c[outputs] == 2 ;  input \n + 1, \b
    .elseif %c[outputs] == 3 ;  input \n + 2, \c ;  .else ;  input \n + 3, \d ;  .endif
    .if .Lskip
    .set .Lskip, .Lskip - 1
    shared_taps \n + 1, \j, \k, \b, \c, \d, \a
    .else
    .set .Lskip, %c[apart] - 1
    products \j, \a, \b, \c, \d
    shared_taps \n + 1, \j + 1, \k + %c[shared], \b, \c, \d, \a
    .endif
    .endif
  .endm
  .macro lone_taps j
    .if \j < %c[length]
    first_inputs %c[outputs] ;  products \j, r8, r9, r10, r11 ;  next_tap
    lone_taps \j + 1
    .endif
  .endm
  .macro run_taps
    .if %c[shared] == 0
    lone_taps 0
    .else
    .if %c[shared] == 2 ;  strd r1, r2, [sp, #44] ;  .endif
    first_inputs %c[outputs] - 1 ;  shared_taps 0, 0, 0, r8, r9, r10, r11
    .if %c[shared] == 2 && %c[length] > 1
    ldrd r1, r2, [sp, #44] ;  next_tap
    first_inputs %c[outputs] - 1 ;  shared_taps 0, (%c[length] + 1) / 2, 1, r8, r9, r10, r11
    .endif
    .endif
  .endm
  )" GRAVEN_ARMV7M_SUMS R"(
  .macro put sum, to:vararg
    add r2, r10, \sum, asr #31 ;  lsl \sum, #1 ;  smmlar \sum, \sum, r8, r2
    asr \sum, r9 ;  ssat \sum, #8, \sum, asr #1 ;  strb \sum, \to
  .endm
    push {r4-r11, lr} ;  sub sp, #52 ;  ldm r0, {r1-r9} ;  mov r0, r3 ;  mov r3, #0
    .if %c[rows] & 1 ;  sub r2, #4 * %c[count] ;  .endif
    .if %c[shared] == 0 && %c[outputs] > 3 ;  sub r6, r6, r7, lsl #1 ;  .endif
    stm sp, {r1-r9} ;  mov r3, r7
  1:
    first_sums
    .if %c[rows] > 1
    .set .Lrows, 2
  2:
    ldrd r1, r2, [lr], #8 ;  ldr r12, [sp, #8] ;  str lr, [sp, #40] ;  add r1, r12 ;  add r2, r12
    run_taps
    ldr lr, [sp, #40] ;  add r0, #4 * ((%c[length] + 1) / 2)
    .if %c[rows] / 2 * %c[count] > 1 ;  ldr r12, [sp, #4] ;  cmp lr, r12 ;  bne.w 2b ;  .endif
    .endif
    .if %c[rows] & 1
    .set .Lrows, 1
  3:
    ldr r1, [lr], #4 ;  ldr r12, [sp, #8] ;  str lr, [sp, #40] ;  add r1, r12
    run_taps
    add r0, #%c[length]
    .if %c[count] > 1
    ldr lr, [sp, #40] ;  ldr r12, [sp, #4] ;  add r12, #4 * %c[count] ;  cmp lr, r12 ;  bne.w 3b
    .endif
    .endif
    put_sums 4 ;  bne.w 1b
    add sp, #52 ;  pop {r4-r11, pc}
  .purgem halves ;  .purgem input ;  .purgem product ;  .purgem products ;  .purgem first_inputs
  .purgem next_tap ;  .purgem shared_taps ;  .purgem lone_taps ;  .purgem run_taps ;  .purgem put
  .purgem first_sums ;  .purgem put_sums
  )" ::[outputs] "i"(runs.outputs),
      [length] "i"(runs.length), [shared] "i"(runs.shared), [rows] "i"(runs.rows),
      [count] "i"(runs.count), [apart] "i"(runs.apart));
}

inline constexpr int most_tile_outputs = 4;

// What TiledDepthwise needs. `bytes`: of scratch for a tile at an edge.
template <class Slow, int bytes> struct TileCore {
  using General = Slow;
  static constexpr int at_once = 2, copied_bytes = bytes;
  static constexpr int programs = 1, head_bytes = 4, tail_bytes = 4;

  static constexpr int padded(int size) { return size; }  // words are read from any byte
  static constexpr int program_of(const GraphView& g, const Value& v, const Parameters& p) {
    if (!whole_range(v) || v.filter.area() >= 1 << 15) return -1;  // sums of less than 30 bits
    for (int c = 0; c < v.shape.channels; ++c) {
      const Channel channel = fold(g, v, p, c);
      if (channel.overflows || !FastChannel::serves(channel)) return -1;
    }
    return 0;
  }
  static constexpr int run_bytes(int rows, int length) {
    return rows == 2 ? (length + 1) / 2 * 4 : length;
  }
  template <TapRuns runs, class Weight>
  static constexpr void put_run(Writer& to, int rows, Weight weight) {
    int taps[TapRuns::longest_run + 1]{}, count = 0;
    runs.each_tap([&](int k) { taps[count++] = k; });
    for (int j = 0; j < runs.length && rows == 2; j += 2)
      for (int row = 0; row < 2; ++row) {
        to.put(weight(row, taps[j]));
        to.put(j + 1 < runs.length ? weight(row, taps[j + 1]) : std::int8_t{0});
      }
    for (int j = 0; j < runs.length && rows == 1; ++j) to.put(weight(0, taps[j]));
  }
  static constexpr void put_head(Writer& to, const Channel& c) { to.put(FastChannel::word(c)); }
  static constexpr void put_tail(Writer& to, const Channel& c) { to.put(c.multiplier.multiplier); }

  static std::byte* copy(std::byte* to, const std::byte* from, int count) {
    return armv7em_isa::copy(to, from, count);
  }
  static std::byte* fill(std::byte* to, int value, int count) {
    for (; count > 0; --count) *to++ = static_cast<std::byte>(value);
    return to;
  }
  template <TapRuns runs, int> static void tile(const DepthwiseTile* tile) {
    depthwise_tile<runs>(tile);
  }
};

// `bytes`: of scratch for a tile at an edge.
template <int bytes> struct AnyDepthwises {
  static constexpr const char* name = "armv7em.depthwise";
  static constexpr bool serves(const GraphView& g, int value) {
    return makes<std::int8_t>(g, value, op::depthwise);
  }
  template <const auto& graph, int value> static constexpr auto kernel() {
    constexpr GraphView g = graph.view();
    using General = std::conditional_t<keeps_channels(g, g[value]), Depthwise,
                                       scalar_isa::Depthwise<scalar_isa::Int8>>;
    constexpr TapRuns runs = TapRuns::of(g, g[value], most_tile_outputs);
    return TiledDepthwise<TileCore<General, bytes>, runs>{};
  }
};

}  // namespace graven::core::armv7em_isa

#endif
