// How the tiles of a convolution see its input: rows with their padding, in scratch, in the form
// that `Lanes` multiplies; or, where a window is not contiguous, patches.
#pragma once

#if defined(__AVX2__)

#include "graven/isa/avx2/vector.hpp"
#include "graven/kernel/gather.hpp"
#include "graven/kernel/prefer.hpp"
#include "graven/layers/conv2d.hpp"
#include "graven/layers/depthwise_conv2d.hpp"

namespace graven::core::avx2_isa {

// A row of output pixels: the window of pixel x is `rows` pieces of `groups` groups of inputs, the
// first one at first + x * step, the others `pitch` bytes apart.
struct Walk {
  const std::byte* first;
  int pitch, step, rows, groups;
};

// A band's input rows are at rows[r * stride + ky] for its output row r.
struct FilterRows {
  int count, stride;

  constexpr bool read(int row, int outputs) const {
    const int r = row / stride;
    return (r < outputs ? row - r * stride : row - (outputs - 1) * stride) < count;
  }
};

template <class Lanes> struct PaddedRows {
  static constexpr int pieces(const Value& v) { return v.filter.height; }
  static constexpr int piece(const GraphView& g, const Value& v) {  // inputs of one
    return v.filter.width * g.input(v).shape.channels;
  }

  static constexpr int right(int in_width, int out_width, int stride, int filter, int left) {
    const int missing = (out_width - 1) * stride + filter - left - in_width;
    return missing > 0 ? missing : 0;
  }
  static constexpr int scratch(const GraphView& g, const Value& v, int band) {
    const Shape in = g.input(v).shape;
    const int end = right(in.width, v.shape.width, v.stride.width, v.filter.width, v.left);
    const int rows = v.filter.height + (band - 1) * v.stride.height;
    return rows * (v.left + in.width + end) * in.channels * Lanes::element + Lanes::slack;
  }

  int pitch, step, groups;
  const std::byte* first;
  FilterRows filter;

  PaddedRows(const Task& t, const Band& band, FilterRows rows)
      : step(t.stride_width * t.in_channels * Lanes::element),
        groups((t.filter_width * t.in_channels + Lanes::group - 1) / Lanes::group),
        first(band.scratch), filter(rows) {
    const int end = right(t.in_width, t.out_width, t.stride_width, t.filter_width, t.left);
    const int before = t.left * t.in_channels, after = end * t.in_channels;
    const int inside = t.in_width * t.in_channels;
    pitch = (before + inside + after) * Lanes::element;
    std::byte* to = band.scratch;
    for (int i = 0; i < (band.count - 1) * rows.stride + rows.count; ++i, to += pitch) {
      const std::byte* row = band.rows[i];
      if (!rows.read(i, band.count)) continue;
      if (row == nullptr) {
        Lanes::fill(to, t.in_zero, before + inside + after);
        continue;
      }
      if (before > 0) Lanes::fill(to, t.in_zero, before);
      Lanes::widen(to + before * Lanes::element, row, inside);
      if (after > 0) Lanes::fill(to + (before + inside) * Lanes::element, t.in_zero, after);
    }
  }
  Walk row(int r) const {
    return {first + r * filter.stride * pitch, pitch, step, filter.count, groups};
  }
};

// Bands of one row only.
template <class Lanes> struct Patches {
  static constexpr int pieces(const Value&) { return 1; }
  static constexpr int piece(const GraphView& g, const Value& v) { return g.window_size(v); }
  static constexpr int groups_of(int inputs) { return (inputs + Lanes::group - 1) / Lanes::group; }
  static constexpr int scratch(const GraphView& g, const Value& v, int) {
    const int step = groups_of(piece(g, v)) * Lanes::group * Lanes::element;
    return patch_bytes(g, v) + v.shape.width * step + Lanes::slack;
  }

  int step, groups;
  const std::byte* first;

  Patches(const Task& t, const Band& band, FilterRows) {
    const int inputs = t.rows * t.filter_width * t.in_channels;
    groups = groups_of(inputs);
    step = groups * Lanes::group * Lanes::element;
    std::byte* to = band.scratch + (inputs + 3) / 4 * 4;  // behind the patch in bytes
    first = to;
    for (int x = 0; x < t.out_width; ++x, to += step)
      Lanes::widen(to, gather<std::int8_t>(t, band, x, static_cast<std::int8_t>(t.in_zero)),
                   inputs);
  }
  Walk row(int) const { return {first, 0, step, 1, groups}; }
};

// Rows that are padded once serve several rows of output.
constexpr int band_of(const GraphView& g, int value) {
  const Value& v = g[value];
  const bool windows = v.element == Element::int8 && has_usual_weights(v) &&
                       v.dilation == Extent(1) && (v.op == op::conv || v.op == op::depthwise);
  return !windows || v.shape.height < 2 ? 1 : v.shape.height < 4 ? 2 : 4;
}

}  // namespace graven::core::avx2_isa

#endif
