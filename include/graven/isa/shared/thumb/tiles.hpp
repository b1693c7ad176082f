// From rows of pixels to the tile of chunks that a matmul reads.
#pragma once

#include "graven/isa/shared/thumb/chunks.hpp"
#include "graven/kernel/gather.hpp"

namespace graven::core::thumb_isa {

// How the windows of a convolution are read: pixels where they lie; rows of windows that are whole
// chunks; or any window, as a patch of bytes first.
enum class Reading { points, rows, patches };

constexpr Reading reading_of(const GraphView& g, const Value& v) {
  const int channels = g.input(v).shape.channels;
  if (v.filter.width * channels % 4 != 0 || v.dilation.width != 1) return Reading::patches;
  const bool inside = (v.shape.width - 1) * v.stride.width < g.input(v).shape.width;
  return v.filter.area() == 1 && v.left == 0 && g.top(v) == 0 && inside ? Reading::points
                                                                        : Reading::rows;
}

// How the cores spread the bytes of rows into a tile. Read by their assembler.
struct SpreadStep {
  std::int32_t offset;  // from a row's start to the first pixel
  std::int32_t step;    // from a pixel to the next
  std::int32_t chunks;  // of one pixel in one row, at least 1
  std::int32_t rows;    // at least 1
};

// The tile of `pixels` output pixels from `x` on. `bytes`: scratch for columns that do not exist,
// or for patches, of rows of `few` bytes.
template <class Core, Reading reading, int few = 0> struct Tiles {
  static constexpr int extra(const GraphView& g, const Value& v, int pixels) {
    const int channels = g.input(v).shape.channels;
    const int columns = (pixels - 1) * v.stride.width + v.filter.width;
    return reading == Reading::patches ? 4 * chunks_of(g.window_size(v)) * pixels
           : reading == Reading::rows  ? (columns * channels + 3) / 4 * 4
                                       : 0;
  }

  template <int pixels>
  static void rows(const Task& t, const Band& band, std::byte* to, std::byte* bytes, int first) {
    const int channels = t.in_channels, chunks = t.filter_width * channels / 4;
    const int columns = (pixels - 1) * t.stride_width + t.filter_width;
    const int row_bytes = chunk_bytes * pixels * chunks;
    SpreadStep step{first * channels, t.stride_width * channels, chunks, 0};
    int top = 0, bottom = t.rows;  // missing rows are at the window's ends
    while (top < bottom && band.rows[top] == nullptr) ++top;
    while (bottom > top && band.rows[bottom - 1] == nullptr) --bottom;
    spread_padding(to, t.in_zero, top * pixels * chunks);
    to += top * row_bytes;
    step.rows = bottom - top;
    if (first >= 0 && first + columns <= t.in_width) {
      if (step.rows > 0) Core::template spread<pixels>(to, band.rows + top, &step);
      to += step.rows * row_bytes;
    } else {
      step.offset = 0;
      step.rows = 1;
      for (const std::byte* copied = bytes; top < bottom; ++top, to += row_bytes) {
        copy_columns<Core>(t, bytes, band.rows[top], first, columns, 0, channels);
        Core::template spread<pixels>(to, &copied, &step);
      }
    }
    spread_padding(to, t.in_zero, (t.rows - bottom) * pixels * chunks);
  }
  // Zeros fill the last chunk of a patch.
  static std::byte* patch(const Task& t, const Band& band, std::byte* to, int first) {
    const std::byte* const start = to;
    for (int ky = 0; ky < t.rows; ++ky)
      if (t.dilation_width == 1)
        to = copy_columns<Core>(t, to, band.rows[ky], first, t.filter_width, 0, t.in_channels);
      else
        for (int kx = 0; kx < t.filter_width; ++kx)
          to = copy_columns<Core>(t, to, band.rows[ky], first + kx * t.dilation_width, 1, 0,
                                  t.in_channels);
    return Core::fill(to, 0, static_cast<int>(start - to) & 3);
  }
  static bool has_all_rows(const Task& t, const Band& band) {
    return band.rows[0] != nullptr && band.rows[t.rows - 1] != nullptr;
  }
  // A patch without padding.
  static std::byte* inside(const Task& t, const Band& band, std::byte* to, int first) {
    const std::byte* const start = to;
    for (int ky = 0; ky < t.rows; ++ky, to += few)
      Core::template few<few>(to, band.rows[ky] + first * t.in_channels);
    while (((to - start) & 3) != 0) *to++ = std::byte{0};
    return to;
  }
  // Of any number of pixels, so that tiles of all sizes share its code.
  [[gnu::noinline]] static std::byte* few_patches(const Task& t, const Band& band, std::byte* to,
                                                  int first, int pixels) {
    const int last = has_all_rows(t, band) ? t.in_width - t.filter_width : -1;
    for (; pixels > 0; --pixels, first += t.stride_width)
      to = first >= 0 && first <= last ? inside(t, band, to, first) : patch(t, band, to, first);
    return to;
  }

  template <int pixels>
  static void gather(const Task& t, const Band& band, std::byte* tile, std::byte* bytes, int x) {
    const int channels = t.in_channels, stride = t.stride_width, first = x * stride - t.left;
    if constexpr (reading == Reading::points) {
      const SpreadStep step{first * channels, stride * channels, channels / 4, 1};
      Core::template spread<pixels>(tile, band.rows, &step);
    } else if constexpr (reading == Reading::rows) {
      rows<pixels>(t, band, tile, bytes, first);
    } else {
      std::byte* end = bytes;
      if constexpr (few > 0)
        end = few_patches(t, band, bytes, first, pixels);
      else
        for (int j = 0; j < pixels; ++j) end = patch(t, band, end, first + j * stride);
      const int size = static_cast<int>(end - bytes) / pixels;
      const SpreadStep step{0, size, size / 4, 1};
      const std::byte* const from = bytes;
      Core::template spread<pixels>(tile, &from, &step);
    }
  }
};

}  // namespace graven::core::thumb_isa
