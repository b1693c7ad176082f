// Depthwise convolutions in little code: if all of a network are of one shape, by the kernel for it
// (planar.hpp), else by one for pixel rows of any shape (depthwise.hpp). For plan::lean.
#pragma once

#if defined(__ARM_FEATURE_SIMD32) && defined(__thumb2__)

#include "graven/isa/armv7em/conv/tiles.hpp"
#include "graven/isa/armv7em/depthwise/depthwise.hpp"
#include "graven/isa/armv7em/depthwise/planar.hpp"
#include "graven/kernel/prefer.hpp"

namespace graven::core::armv7em_isa {

// Would one PlanarDepthwise serve all of them? Not through planar pools and resizes, whose kernels
// are not compact.
constexpr bool has_one_depthwise(const GraphView& g) {
  Address<Value> one;
  for (int i = 0; i < g.count; ++i) {
    const Value& v = g[i];
    if (v.op == op::nearest || v.op == op::max_pool) return false;
    if (v.op != op::depthwise) continue;
    if (!reads_planar(g, v)) return false;
    if (one != nullptr &&
        (v.stride != one->stride || v.left != one->left || v.shape.width != one->shape.width ||
         g.input(v).shape.width != g.input(*one).shape.width))
      return false;
    one = &v;
  }
  return one != nullptr;
}

constexpr RowKind compact_rows(const GraphView& g, int value) {
  return has_one_depthwise(g) ? rows_of(g, value) : RowKind::pixels;
}

struct LoneDepthwises : PlanarDepthwises {
  static constexpr bool serves(const GraphView& g, int value) {
    return has_one_depthwise(g) && PlanarDepthwises::serves(g, value);
  }
};

// Read by the assembler below.
struct TapTable {
  const std::byte* const* taps;  // of a window; a null pointer ends them
  const std::byte* stream;
  std::byte* out;
  std::int32_t twice_zero;    // 2 * zero_point + 1
  std::int32_t last_channel;  // of the last four
};

// All channels of an output pixel, four at a time.
//   r0 table, r1 stream, r2 channel, r3 input, r4-r7 sums, r8 r9 halfwords, r10 twice_zero, r11
//   taps, r12 weights, lr out;  [sp] words of the four, last channel
GRAVEN_NAKED inline void depthwise_pixel(const TapTable*) {
  asm volatile(R"(
  .macro finish acc, at, multiplier
    ldr r3, [sp, #4 * \at] ;  lsl r12, r10, r3 ;  add r12, r12, \acc, asr #31 ;  lsl \acc, #1
    smmlar \acc, \acc, \multiplier, r12 ;  asr \acc, r3 ;  ssat \acc, #8, \acc, asr #1
    strb \acc, [r0, #\at]
  .endm
    push {r4-r11, lr} ;  sub sp, #20
    ldr r11, [r0] ;  ldr r1, [r0, #4] ;  ldr lr, [r0, #8] ;  ldrd r10, r3, [r0, #12]
    str r3, [sp, #16] ;  mov r2, #0
  1:
    ldm r1!, {r4-r7} ;  stm sp, {r4-r7} ;  mov r0, r11
    asr r4, #8 ;  asr r5, #8 ;  asr r6, #8 ;  asr r7, #8
    ldr r3, [r0], #4
  2:
    ldr r3, [r3, r2] ;  ldr r12, [r1], #4
    sxtb16 r8, r3 ;  sxtb16 r9, r12 ;  smlabb r4, r8, r9, r4 ;  smlatt r6, r8, r9, r6
    sxtb16 r8, r3, ror #8 ;  sxtb16 r9, r12, ror #8
    smlabb r5, r8, r9, r5 ;  smlatt r7, r8, r9, r7
    ldr r3, [r0], #4 ;  cmp r3, #0 ;  bne 2b
    add r0, lr, r2
    ldrd r8, r9, [r1], #8 ;  finish r4, 0, r8 ;  finish r5, 1, r9
    ldrd r8, r9, [r1], #8 ;  finish r6, 2, r8 ;  finish r7, 3, r9
    ldr r3, [sp, #16] ;  cmp r2, r3 ;  add r2, #4 ;  bhs 3f
    cmp r2, r3 ;  it hi ;  movhi r2, r3 ;  b 1b
  3:
    add sp, #20 ;  pop {r4-r11, pc}
  .purgem finish
  )");
}

// Pixel rows, tap by tap, from a table of where the taps of a window lie: of one that does not
// exist that is a pixel of padding. The last four channels may take back some of those before.
// Packing chooses `fast`, or Depthwise's `general`. Stream, per group of four channels: their
// words, their weights tap by tap, their multipliers.
struct AnyDepthwise : Depthwise {
  static constexpr const char* name = "armv7em.any_depthwise";
  static constexpr bool serves(const GraphView& g, int value) {
    return makes<std::int8_t>(g, value, op::depthwise) && keeps_channels(g, g[value]) &&
           g[value].shape.channels >= 4;
  }
  static constexpr int table_bytes(int taps) { return 4 * (taps + 1); }
  static constexpr int scratch(const GraphView&, const Value& v) {
    return table_bytes(v.filter.area()) + round4(v.shape.channels);
  }
  static constexpr void pack(const GraphView& g, const Value& v, const Parameters& p, Writer& to) {
    if (program_of(g, v, p) == general) return Depthwise::pack(g, v, p, to);
    const int channels = v.shape.channels;
    to.program = fast;
    for (int i = 0; i < groups(v); ++i) {
      const int first = 4 * i < channels - 4 ? 4 * i : channels - 4;
      for (int c = first; c < first + 4; ++c) to.put(FastChannel::word(fold(g, v, p, c)));
      for (int tap = 0; tap < v.filter.area(); ++tap)
        for (int c = first; c < first + 4; ++c) to.put(p.filter.int8[tap * channels + c]);
      for (int c = first; c < first + 4; ++c) to.put(fold(g, v, p, c).multiplier.multiplier);
    }
  }

  static void find_taps(const Task& t, const Band& band, int first, const std::byte* padding) {
    const int step = t.dilation_width * t.in_channels;
    const int last = first + (t.filter_width - 1) * t.dilation_width;
    const bool inside = first >= 0 && last < t.in_width;
    std::byte* to = band.scratch;
    for (int ky = 0; ky < t.rows; ++ky) {
      const std::byte* const row = band.rows[ky];
      const std::byte* const end = to + 4 * t.filter_width;
      if (row != nullptr && inside) {
        for (const std::byte* tap = row + first * t.in_channels; to != end; to += 4, tap += step)
          store_aligned(to, tap);
        continue;
      }
      for (int column = first; to != end; to += 4, column += t.dilation_width) {
        const bool exists = row != nullptr && column >= 0 && column < t.in_width;
        store_aligned(to, exists ? row + column * t.in_channels : padding);
      }
    }
  }
  template <int program> static void run(const Task& task, const Band& band) {
    if constexpr (program == general) return Depthwise::run<general>(task, band);
    const Task t = task;
    std::byte* const padding = band.scratch + table_bytes(t.rows * t.filter_width);
    store_aligned<const std::byte*>(padding - 4, nullptr);
    fill(padding, t.in_zero, t.in_channels);
    TapTable step{reinterpret_cast<const std::byte* const*>(band.scratch), t.stream, band.out[0],
                  2 * t.out_zero + 1, t.out_channels - 4};
    int column = -t.left;
    for (int left = t.out_width; left > 0; --left, column += t.stride_width) {
      find_taps(t, band, column, padding);
      depthwise_pixel(&step);
      step.out += t.out_channels;
    }
  }
};

}  // namespace graven::core::armv7em_isa

#endif
