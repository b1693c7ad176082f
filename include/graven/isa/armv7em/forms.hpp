// Which rows are planar: those of a convolution that nothing but depthwise 3x3 reads, also through
// pools and resizes, which then go channel by channel and bytes become words.
#pragma once

#if defined(__ARM_FEATURE_SIMD32) && defined(__thumb2__)

#include "graven/isa/armv7em/conv.hpp"
#include "graven/isa/armv7em/planar.hpp"
#include "graven/isa/scalar/resize.hpp"

namespace graven::armv7em_isa {

constexpr RowForm planar_rows(Shape shape, Rows rows) {
  if (rows != Rows::doubled) return planar_rows(shape, rows == Rows::padded);
  shape.width /= 2;
  RowForm form = planar_rows(shape, true);
  form.repeat = 2;
  return form;
}

// Pools and resizes of planar rows yield planar rows.
constexpr bool keeps_planar(const GraphView& g, const Value& v) {
  return (v.op == Op::nearest || (v.op == Op::max_pool && !v.reduces && whole_range(v))) &&
         v.shape.width > 1 && g.input(v).shape == g.source(v).shape &&
         g.source(v).element == Element::int8 && v.quant == g.source(v).quant;
}

constexpr int nearest_row(const GraphView& g, const Value& v, int y) {
  return nearest(y, g.input(v).shape.height, v.shape.height, v.align_corners, v.half_pixel_centers);
}
constexpr bool doubles(const GraphView& g, const Value& v) {
  const int width = g.input(v).shape.width;
  for (int x = 0; x < v.shape.width; ++x)
    if (nearest(x, width, v.shape.width, v.align_corners, v.half_pixel_centers) != x / 2)
      return false;
  return v.shape.width == 2 * width;
}

// A resize to at least twice as many rows, where a row is that above it or that below it.
constexpr bool repeats_rows(const GraphView& g, const Value& v) {
  auto same = [&](int y) {
    return y > 0 && y < v.shape.height && nearest_row(g, v, y - 1) == nearest_row(g, v, y);
  };
  if (v.shape.height < 2 * g.input(v).shape.height) return false;
  for (int y = 0; y < v.shape.height; ++y)
    if (!same(y) && !same(y + 1)) return false;
  return true;
}
// Depthwise 3x3 that can take an image which was doubled as it was before (doubled.hpp).
constexpr bool reads_doubled(const GraphView& g, const Value& v) {
  return reads_planar(g, v) && whole_range(v) && v.shape == g.input(v).shape && v.left == 1 &&
         v.rows.top == 1 && v.shape.width >= 8 && v.shape.width < 4096 && v.shape.channels < 256;
}

// What the readers of a value make of its rows, if its kernel can write them so.
constexpr Rows wanted_rows(const GraphView& g, int value) {
  for (int o = 0; o < g.output_count; ++o)
    if (g.outputs[o].value == value) return Rows::pixels;
  int readers = 0;
  bool padded = false, doubled = g[value].op == Op::nearest;
  for (int r = value + 1; r < g.count; ++r)
    for (int k = 0; k < g[r].inputs; ++k) {
      if (g.input(g[r], k).value != value) continue;
      if (!reads_planar(g, g[r]) && (!keeps_planar(g, g[r]) || wanted_rows(g, r) == Rows::pixels))
        return Rows::pixels;
      padded = padded || (g[r].op == Op::depthwise && needs_padding(g[r])) ||
               (g[r].op == Op::nearest && wanted_rows(g, r) == Rows::doubled);
      doubled = doubled && reads_doubled(g, g[r]);
      ++readers;
    }
  if (readers == 0) return Rows::pixels;
  if (doubled && doubles(g, g[value]) && repeats_rows(g, g[value])) return Rows::doubled;
  return padded ? Rows::padded : Rows::planar;
}

constexpr Rows rows_of(const GraphView& g, int value) {
  const Value& v = g[value];
  if (v.element != Element::int8 || v.inputs == 0 || g.source(v).element != Element::int8)
    return Rows::pixels;
  if (v.op == Op::conv && v.shape.width > 1) return wanted_rows(g, value);
  const bool planar = keeps_planar(g, v) && rows_of(g, g.input(v).value) != Rows::pixels;
  return planar ? wanted_rows(g, value) : Rows::pixels;
}

// Rows written channel by channel: `channel(c, out)` returns the end of what it wrote.
template <Rows rows, class Channel>
[[gnu::always_inline]] inline void write_planar(std::byte* out, int channels, Channel channel) {
  for (int c = 0; c < channels; ++c) {
    if (rows == Rows::padded) *out++ = std::byte{0};
    out = channel(c, out);
  }
  if (rows == Rows::padded) *out = std::byte{0};
}
// From the start of a row to that of channel c.
template <Rows rows> constexpr int channel_start(int c, int width) {
  return rows == Rows::padded ? c * (width + 1) + 1 : c * width;
}

template <Rows from, Rows to, bool by_two> struct PlanarMaxPool : PlainKernel {
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

template <Rows from, Rows to, bool doubled> struct PlanarNearest : scalar_isa::Nearest {
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
  // `count` times eight words.
  [[gnu::naked, gnu::noipa]] static void copy_words(std::byte*, const std::byte*, int) {
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

// Windows of two columns, side by side.
constexpr bool pools_by_two(const GraphView& g, const Value& v) {
  return v.filter.width == 2 && v.stride.width == 2 && v.left == 0 &&
         2 * v.shape.width <= g.input(v).shape.width;
}
}  // namespace graven::armv7em_isa

#endif
