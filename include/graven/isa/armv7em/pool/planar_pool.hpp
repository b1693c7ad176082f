// Maxima of planar rows.
#pragma once

#if defined(__ARM_FEATURE_SIMD32) && defined(__thumb2__)

#include "graven/isa/armv7em/row_kind.hpp"

namespace graven::core::armv7em_isa {

// Windows of two columns, side by side.
constexpr bool pools_by_two(const GraphView& g, const Value& v) {
  return v.filter.width == 2 && v.stride.width == 2 && v.left == 0 &&
         2 * v.shape.width <= g.input(v).shape.width;
}

template <RowKind from, RowKind to, bool by_two> struct PlanarMaxPool : PlainKernel {
  static constexpr bool accepts(const RowForm& form) { return is_kind(form, from); }

  // Four windows of two columns: the larger of neighbouring bytes.
  static std::uint32_t neighbours(std::uint32_t a, std::uint32_t b) {
    const std::uint32_t even = larger_unsigned(a, a >> 8) & 0x00ff00ff;
    const std::uint32_t odd = larger_unsigned(b, b >> 8) & 0x00ff00ff;
    return ((even | even >> 8) & 0xffff) | (odd | odd >> 8) << 16;
  }
  static std::byte* fours(const Task& t, const Band& band, int at, std::byte* out) {
    for (int left = t.out_width / 4; left > 0; --left, at += 8, out += 4) {
      std::uint32_t a = 0, b = 0;
      for (int ky = 0; ky < t.rows; ++ky)
        if (const std::byte* row = band.rows[ky]; row != nullptr) {
          a = larger_unsigned(load<std::uint32_t>(row + at), a);
          b = larger_unsigned(load<std::uint32_t>(row + at + 4), b);
        }
      store(out, neighbours(a, b));
    }
    return out;
  }
  static std::byte one(const Task& t, const Band& band, int channel, int x) {
    int first = x * t.stride_width - t.left, end = first + t.filter_width;
    if (first < 0) first = 0;
    if (end > t.in_width) end = t.in_width;
    auto most = std::byte{0};
    for (int ky = 0; ky < t.rows; ++ky)
      if (const std::byte* row = band.rows[ky]; row != nullptr)
        for (int column = first; column < end; ++column)
          if (row[channel + column] > most) most = row[channel + column];
    return most;
  }
  static void run(const Task& task, const Band& band) {
    const Task t = task;
    write_planar<to>(band.out[0], t.out_channels, [&](int c, std::byte* out) {
      const int channel = channel_start<from>(c, t.in_width);
      if constexpr (by_two) out = fours(t, band, channel, out);
      for (int x = by_two ? t.out_width & ~3 : 0; x < t.out_width; ++x)
        *out++ = one(t, band, channel, x);
      return out;
    });
  }
};

struct PlanarMaxPools {
  static constexpr const char* name = "armv7em.planar_max_pool";
  static constexpr bool serves(const GraphView& g, int value) {
    return g[value].op == op::max_pool && rows_of(g, value) != RowKind::pixels;
  }
  template <const auto& graph, int value> static constexpr auto kernel() {
    constexpr GraphView g = graph.view();
    constexpr RowKind from = source_rows(g, value), to = rows_of(g, value);
    return PlanarMaxPool<from, to, pools_by_two(g, g[value])>{};
  }
};

}  // namespace graven::core::armv7em_isa

#endif
