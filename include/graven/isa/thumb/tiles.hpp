// From rows of pixels to the tile of chunks that a matmul reads.
#pragma once

#include "graven/isa/thumb/chunks.hpp"

namespace graven::thumb_isa {

// How the windows of a convolution are read: pixels where they lie; windows of whole chunks, row by
// row; or any window, as a patch of bytes first.
enum class Reading { points, windows, patches };

constexpr Reading reading_of(const GraphView& g, const Value& v) {
  const bool whole = g.input(v).shape.channels % 4 == 0;
  const bool point = v.filter.area() == 1 && v.left == 0 && v.rows.top == 0 &&
                     (v.shape.width - 1) * v.stride.width < g.input(v).shape.width;
  return !whole ? Reading::patches : point ? Reading::points : Reading::windows;
}

// Bytes of any length and address; libraries built for size copy them one by one.
template <bool unaligned_loads>
[[gnu::noinline]] std::byte* copy(std::byte* to, const std::byte* from, int count) {
  const auto address = reinterpret_cast<std::uintptr_t>(to) | reinterpret_cast<std::uintptr_t>(from);
  if (unaligned_loads)
    for (; count >= 4; count -= 4, from += 4, to += 4) store(to, load<std::uint32_t>(from));
  else if ((address & 3) == 0)
    for (; count >= 4; count -= 4, from += 4, to += 4)
      store_aligned(to, load_aligned<std::uint32_t>(from));
  for (; count >= 4; count -= 4, from += 4, to += 4) {
    const std::byte a = from[0], b = from[1], c = from[2], d = from[3];
    to[0] = a;
    to[1] = b;
    to[2] = c;
    to[3] = d;
  }
  for (; count > 0; --count) *to++ = *from++;
  return to;
}
inline std::byte* fill(std::byte* to, int value, int count) {
  const auto byte = static_cast<std::byte>(value);
  for (; count >= 4; count -= 4, to += 4) to[0] = to[1] = to[2] = to[3] = byte;
  for (; count > 0; --count) *to++ = byte;
  return to;
}

// A window's row of `width` columns from column `first` on, in pieces of neighbours that exist
// (`inside`: their first column and count) or do not (`outside`: count).
template <class Inside, class Outside>
[[gnu::always_inline]] inline void window_row(const Task& t, bool exists, int first, int width,
                                              int dilation, Inside inside, Outside outside) {
  if (!exists) return outside(width);
  if (dilation == 1) {
    const int last = first + width;
    const int from = first < 0 ? 0 : first, to = last < t.in_width ? last : t.in_width;
    if (to <= from) return outside(width);
    if (from > first) outside(from - first);
    inside(from, to - from);
    if (last > to) outside(last - to);
    return;
  }
  for (int k = 0; k < width; ++k, first += dilation)
    if (first >= 0 && first < t.in_width)
      inside(first, 1);
    else
      outside(1);
}

// The tile of `pixels` output pixels from `x` on, in scratch.
template <class Core, Reading reading> struct Tiles {
  static constexpr int patch_bytes(const GraphView& g, const Value& v, int pixels) {
    return reading == Reading::patches ? 4 * chunks_of(taps_of(g, v)) * pixels : 0;
  }

  // Windows whose columns all exist, and whose rows are whole chunks.
  template <int pixels> static void inner(const Task& t, const Band& band, std::byte* to, int first) {
    const int channels = t.in_channels, chunks = t.filter_width * channels / 4;
    for (int ky = 0; ky < t.rows; ++ky, to += chunk_bytes * pixels * chunks)
      if (const std::byte* row = band.rows[ky]; row != nullptr)
        Core::template spread<pixels>(to, row + first * channels, t.stride_width * channels,
                                      chunks);
      else
        spread_padding(to, t.in_zero, pixels * chunks, chunk_bytes);
  }
  // Any window over whole chunks.
  static void window(const Task& t, const Band& band, std::byte* to, int first, int step) {
    const int channels = t.in_channels;
    for (int ky = 0; ky < t.rows; ++ky) {
      const std::byte* row = band.rows[ky];
      window_row(
          t, row != nullptr, first, t.filter_width, t.dilation_width,
          [&](int from, int count) {
            to = spread_pixel(to, row + from * channels, count * channels / 4, step);
          },
          [&](int count) { to = spread_padding(to, t.in_zero, count * channels / 4, step); });
    }
  }
  // Any window, as bytes; zeros fill the last chunk.
  static std::byte* patch(const Task& t, const Band& band, std::byte* to, int first) {
    const std::byte* const start = to;
    const int channels = t.in_channels;
    for (int ky = 0; ky < t.rows; ++ky) {
      const std::byte* row = band.rows[ky];
      window_row(
          t, row != nullptr, first, t.filter_width, t.dilation_width,
          [&](int from, int count) {
            to = copy<Core::unaligned_loads>(to, row + from * channels, count * channels);
          },
          [&](int count) { to = fill(to, t.in_zero, count * channels); });
    }
    return fill(to, 0, static_cast<int>(start - to) & 3);
  }

  template <int pixels>
  static void gather(const Task& t, const Band& band, std::byte* tile, std::byte* patches, int x) {
    const int channels = t.in_channels, stride = t.stride_width;
    const int first = x * stride - t.left, last = first + (pixels - 1) * stride + t.filter_width;
    if constexpr (reading == Reading::points) {
      Core::template spread<pixels>(tile, band.rows[0] + first * channels, stride * channels,
                                    channels / 4);
    } else if (t.filter_width * channels % 4 == 0 && t.dilation_width == 1 && first >= 0 &&
               last <= t.in_width) {
      inner<pixels>(t, band, tile, first);
    } else if constexpr (reading == Reading::windows) {
      for (int j = 0; j < pixels; ++j)
        window(t, band, tile + chunk_bytes * j, first + j * stride, chunk_bytes * pixels);
    } else {
      std::byte* end = patches;
      for (int j = 0; j < pixels; ++j) end = patch(t, band, end, first + j * stride);
      const int size = static_cast<int>(end - patches) / pixels;
      Core::template spread<pixels>(tile, patches, size, size / 4);
    }
  }
};

}  // namespace graven::thumb_isa
