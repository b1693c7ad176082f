// Nearest resizes of planar rows, and rows that are copied as they are.
#pragma once

#if defined(__ARM_FEATURE_SIMD32) && defined(__thumb2__)

#include "graven/isa/armv7em/conv/tiles.hpp"
#include "graven/isa/armv7em/row_kind.hpp"

namespace graven::core::armv7em_isa {

template <RowKind from, RowKind to, bool doubled> struct PlanarNearest : scalar_isa::Nearest {
  static constexpr bool accepts(const RowForm& form) { return is_kind(form, from); }

  static std::byte* twice(const std::byte* from_row, int count, std::byte* out) {
    for (; count >= 4; count -= 4, from_row += 4, out += 8) {
      const auto four = load<std::uint32_t>(from_row);
      std::uint32_t even = four & 0x00ff00ff, odd = four >> 8 & 0x00ff00ff;
      even |= even << 8;
      odd |= odd << 8;
      store(out, (even & 0xffff) | odd << 16);
      store(out + 4, even >> 16 | (odd & 0xffff0000));
    }
    for (; count > 0; --count, out += 2) out[0] = out[1] = *from_row++;
    return out;
  }
  static void run(const Task& task, const Band& band) {
    const Task t = task;
    const std::byte* row = band.rows[0];
    write_planar<to>(band.out[0], t.out_channels, [&](int c, std::byte* out) {
      const std::byte* channel = row + channel_start<from>(c, t.in_width);
      if constexpr (doubled) return twice(channel, t.in_width, out);
      Reader columns{t.stream + 4};  // behind the bytes of a pixel
      for (int x = 0; x < t.out_width; ++x) *out++ = channel[columns.next<std::uint16_t>()];
      return out;
    });
  }
};

// Rows that hold each column once are those of the input.
struct CopiedRow : PlainKernel {
  static constexpr const char* name = "armv7em.copied_row";
  static constexpr bool serves(const GraphView& g, int value) {
    return g[value].op == op::nearest && rows_of(g, value) == RowKind::doubled;
  }
  static constexpr bool accepts(const RowForm& form) { return is_kind(form, RowKind::padded); }

  // `count` times eight words.
  GRAVEN_NAKED static void copy_words(std::byte*, const std::byte*, int) {
    asm volatile(R"(
    push {r4-r10, lr}
  1:
    ldm r1!, {r3-r10} ;  stm r0!, {r3-r10} ;  subs r2, #1 ;  bne 1b
    pop {r4-r10, pc}
    )");
  }
  static void run(const Task& t, const Band& band) {
    const int bytes = t.in_channels * (t.in_width + 1) + 1, words = bytes & ~31;
    std::byte* out = band.out[0];
    const std::byte* row = band.rows[0];
    if (words > 0) copy_words(out, row, words / 32);
    copy(out + words, row + words, bytes - words);
  }
};

struct PlanarNearests {
  static constexpr const char* name = "armv7em.planar_nearest";
  static constexpr bool serves(const GraphView& g, int value) {
    return g[value].op == op::nearest && rows_of(g, value) != RowKind::pixels;
  }
  template <const auto& graph, int value> static constexpr auto kernel() {
    constexpr GraphView g = graph.view();
    constexpr RowKind from = source_rows(g, value), to = rows_of(g, value);
    return PlanarNearest<from, to, doubles(g, g[value])>{};
  }
};

}  // namespace graven::core::armv7em_isa

#endif
