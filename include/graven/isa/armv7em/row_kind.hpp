// Which rows are planar: those of a convolution that nothing but depthwise 3x3 reads, also through
// pools and resizes, which then go channel by channel and bytes become words.
#pragma once

#if defined(__ARM_FEATURE_SIMD32) && defined(__thumb2__)

#include "graven/isa/armv7em/pairs.hpp"
#include "graven/isa/scalar/resize.hpp"
#include "graven/layers/conv2d.hpp"
#include "graven/layers/depthwise_conv2d.hpp"
#include "graven/layers/max_pool.hpp"
#include "graven/layers/resize_nearest.hpp"

namespace graven::core::armv7em_isa {

// How rows lie. padded: planar with zeros between; doubled: padded, neighbouring columns once.
enum class RowKind { pixels, planar, padded, doubled };

constexpr RowForm planar_rows(Shape shape, bool padded) {
  const int pitch = shape.width + (padded ? 1 : 0), front = padded ? 1 : 0;
  const int slack = padded ? 4 : shape.width == 3 ? 1 : 0;  // words are read from any byte
  return {Layout::planar, Element::int8, true, 1, pitch, front, shape.channels * pitch + slack};
}

// Depthwise 3x3 over rows that can be planar.
constexpr bool reads_planar(const GraphView& g, const Value& v) {
  return v.op == op::depthwise && v.element == Element::int8 && has_usual_weights(v) &&
         v.filter == Extent(3) && v.dilation == Extent(1) &&
         (v.stride.width == 1 || v.stride.width == 2) && g.rim(v) <= 1 &&
         v.shape.channels == g.input(v).shape.channels && g.input(v).shape == g.source(v).shape &&
         g.source(v).quant.zero_point == -128;
}

// Is more than one tile of `same` padding read, so that rows need zeros between them?
constexpr bool needs_padding(const GraphView& g, const Value& v) {
  return v.stride.width != 1 || v.left != 1 || v.shape.width != g.input(v).shape.width ||
         v.shape.width < 3 || v.shape.width > 6;
}

constexpr RowForm planar_rows(Shape shape, RowKind rows) {
  if (rows != RowKind::doubled) return planar_rows(shape, rows == RowKind::padded);
  shape.width /= 2;
  RowForm form = planar_rows(shape, true);
  form.repeat = 2;
  return form;
}

// The rows of a value of this kind.
constexpr RowForm form_of(const Value& v, RowKind rows) {
  return rows == RowKind::pixels ? pixel_rows(v.shape, v.element) : planar_rows(v.shape, rows);
}

// Is a row of such a form of this kind?
constexpr bool is_kind(const RowForm& form, RowKind rows) {
  if (rows == RowKind::pixels) return form.layout == Layout::pixels && !form.biased;
  return form.layout == Layout::planar && form.biased &&
         form.front == (rows == RowKind::planar ? 0 : 1) &&
         form.repeat == (rows == RowKind::doubled ? 2 : 1);
}

// Pools and resizes of planar rows yield planar rows.
constexpr bool keeps_planar(const GraphView& g, const Value& v) {
  return (v.op == op::nearest || (v.op == op::max_pool && !v.reduces && whole_range(v))) &&
         v.shape.width > 1 && g.input(v).shape == g.source(v).shape &&
         g.source(v).element == Element::int8 && v.quant == g.source(v).quant;
}

constexpr int nearest_row(const GraphView& g, const Value& v, int y) {
  return nearest(y, g.input(v).shape.height, v.shape.height, v.options.get<Resampling>());
}
constexpr bool doubles(const GraphView& g, const Value& v) {
  const int width = g.input(v).shape.width;
  for (int x = 0; x < v.shape.width; ++x)
    if (nearest(x, width, v.shape.width, v.options.get<Resampling>()) != x / 2) return false;
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
         g.top(v) == 1 && v.shape.width >= 8 && v.shape.width < 4096 && v.shape.channels < 256;
}

// What the readers of a value make of its rows, if its kernel can write them so.
constexpr RowKind wanted_rows(const GraphView& g, int value) {
  for (int o = 0; o < g.output_count; ++o)
    if (g.outputs[o].value == value) return RowKind::pixels;
  int readers = 0;
  bool padded = false, doubled = g[value].op == op::nearest;
  for (int r = value + 1; r < g.count; ++r)
    for (int k = 0; k < g[r].inputs; ++k) {
      if (g.input(g[r], k).value != value) continue;
      if (!reads_planar(g, g[r]) &&
          (!keeps_planar(g, g[r]) || wanted_rows(g, r) == RowKind::pixels))
        return RowKind::pixels;
      padded = padded || (g[r].op == op::depthwise && needs_padding(g, g[r])) ||
               (g[r].op == op::nearest && wanted_rows(g, r) == RowKind::doubled);
      doubled = doubled && reads_doubled(g, g[r]);
      ++readers;
    }
  if (readers == 0) return RowKind::pixels;
  if (doubled && doubles(g, g[value]) && repeats_rows(g, g[value])) return RowKind::doubled;
  return padded ? RowKind::padded : RowKind::planar;
}

constexpr RowKind rows_of(const GraphView& g, int value) {
  const Value& v = g[value];
  if (v.element != Element::int8 || v.inputs == 0 || g.source(v).element != Element::int8)
    return RowKind::pixels;
  if (v.op == op::conv && v.shape.width > 1 && has_usual_weights(v)) return wanted_rows(g, value);
  const bool planar = keeps_planar(g, v) && rows_of(g, g.input(v).value) != RowKind::pixels;
  return planar ? wanted_rows(g, value) : RowKind::pixels;
}

// Of inputs that are stored 128 higher; fold has taken their zero point to be -128.
constexpr Channel biased_channel(const GraphView& g, const Value& v, const Parameters& p, int c) {
  Channel folded = fold(g, v, p, c);
  const Taps taps(v.weights, p, c);
  for (int k = 0; k < taps.count; ++k) folded.bias -= 128 * taps[k];
  return folded;
}

// Rows written channel by channel: `channel(c, out)` returns the end of what it wrote.
template <RowKind rows, class Channel>
[[gnu::always_inline]] inline void write_planar(std::byte* out, int channels, Channel channel) {
  for (int c = 0; c < channels; ++c) {
    if (rows == RowKind::padded) *out++ = std::byte{0};
    out = channel(c, out);
  }
  if (rows == RowKind::padded) *out = std::byte{0};
}
// From the start of a row to that of channel c.
template <RowKind rows> constexpr int channel_start(int c, int width) {
  return rows == RowKind::padded ? c * (width + 1) + 1 : c * width;
}

// What a value reads, of its first input.
constexpr RowKind source_rows(const GraphView& g, int value) {
  return g[value].inputs > 0 ? rows_of(g, g.input(g[value]).value) : RowKind::pixels;
}

}  // namespace graven::core::armv7em_isa

#endif
