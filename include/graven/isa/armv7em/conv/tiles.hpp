// The patches of the two or three output pixels of a tile, collected in scratch.
#pragma once

#if defined(__ARM_FEATURE_SIMD32) && defined(__thumb2__)

#include "graven/isa/armv7em/pairs.hpp"

namespace graven::core::armv7em_isa {

// Any length: libraries that are built for size copy byte by byte.
[[gnu::always_inline]] inline std::byte* copy(std::byte* to, const std::byte* from, int count) {
  for (; count >= 4; count -= 4, from += 4, to += 4) store(to, load<std::uint32_t>(from));
  if ((count & 2) != 0) {
    store(to, load<std::uint16_t>(from));
    from += 2;
    to += 2;
  }
  if ((count & 1) != 0) *to++ = *from;
  return to;
}
[[gnu::always_inline]] inline std::byte* fill(std::byte* to, int value, int count) {
  const std::uint32_t four = 0x01010101u * static_cast<std::uint8_t>(value);
  for (; count >= 4; count -= 4, to += 4) store(to, four);
  for (; count > 0; --count) *to++ = static_cast<std::byte>(value);
  return to;
}

// How many pixels the next tile takes of `left`: threes, and twos at the end. left >= 2.
constexpr int tile_pixels(int left) { return left == 2 || left == 4 ? 2 : 3; }

inline std::byte* spread(std::byte* to, const std::byte* const (&from)[3], int pixels, int words) {
  return pixels == 3 ? spread3(to, from[0], from[1], from[2], words)
                     : spread2(to, from[0], from[1], words);
}

// 1x1 filters: pixels are spread where they lie. Channels that are no multiple of four take bytes
// of the next pixel along (their weights are zero); the row's last pixel is copied first.
struct Points {
  static constexpr const char* name = "armv7em.points";
  static constexpr bool serves(const GraphView& g, const Value& v) {
    return v.filter.area() == 1 && v.left == 0 && g.top(v) == 0 &&
           (v.shape.width - 1) * v.stride.width < g.input(v).shape.width;
  }
  static constexpr int taps(const GraphView& g, const Value& v) {
    return g.input(v).shape.channels;
  }
  static constexpr int extra(const GraphView& g, const Value& v) {
    return taps(g, v) % 4 != 0 ? round4(taps(g, v)) : 0;
  }

  static void start(const Task&, const Band&, std::byte*) {}
  static void gather(const Task& t, const Band& band, std::byte* tile, std::byte* last, int x,
                     int pixels) {
    const int step = t.stride_width * t.in_channels;
    const std::byte* first = band.rows[0] + x * step;
    const std::byte* from[3]{first, first + step, first + 2 * step};
    if (t.in_channels % 4 != 0 && x + pixels == t.out_width) {
      const std::byte*& end = from[pixels - 1];
      copy(last, end, t.in_channels);
      end = last;
    }
    spread(tile, from, pixels, round4(t.in_channels) / 4);
  }
};

// Windows over channels that are a multiple of four: where a window hangs over an edge, its pixels
// are spread one by one, missing ones from a pixel of padding.
struct Windows {
  static constexpr const char* name = "armv7em.windows";
  static constexpr bool serves(const GraphView& g, const Value& v) {
    return g.input(v).shape.channels % 4 == 0;
  }
  static constexpr int taps(const GraphView& g, const Value& v) { return g.window_size(v); }
  static constexpr int extra(const GraphView& g, const Value& v) {
    return g.input(v).shape.channels;  // the pixel of padding
  }

  static void start(const Task& t, const Band&, std::byte* extra) {
    fill(extra, t.in_zero, t.in_channels);
  }
  static void gather(const Task& t, const Band& band, std::byte* tile, std::byte* padding, int x,
                     int pixels) {
    const int channels = t.in_channels, stride = t.stride_width, first = x * stride - t.left;
    const int last = first + (pixels - 1) * stride + (t.filter_width - 1) * t.dilation_width;
    const bool inside = first >= 0 && last < t.in_width;
    for (int ky = 0; ky < t.rows; ++ky) {
      const std::byte* row = band.rows[ky];
      if (row != nullptr && inside && t.dilation_width == 1) {
        const std::byte* from = row + first * channels;
        const int step = stride * channels;
        tile = spread(tile, {from, from + step, from + 2 * step}, pixels,
                      t.filter_width * channels / 4);
        continue;
      }
      for (int kx = 0, column = first; kx < t.filter_width; ++kx, column += t.dilation_width) {
        const std::byte* from[3]{padding, padding, padding};
        for (int j = 0; j < pixels; ++j)
          if (const int at = column + j * stride; row != nullptr && at >= 0 && at < t.in_width)
            from[j] = row + at * channels;
        tile = spread(tile, from, pixels, channels / 4);
      }
    }
  }
};

// Windows whose rows are one word each: a word at a time, with padding shifted in at the edges.
struct Words {
  static constexpr const char* name = "armv7em.words";
  static constexpr bool serves(const GraphView& g, const Value& v) {
    const Shape in = g.input(v).shape;
    return v.filter.width * in.channels == 4 && v.dilation.width == 1 && in.row() >= 4;
  }
  static constexpr int taps(const GraphView& g, const Value& v) { return Windows::taps(g, v); }
  static constexpr int extra(const GraphView&, const Value&) { return 0; }

  static void start(const Task&, const Band&, std::byte*) {}
  static void gather(const Task& t, const Band& band, std::byte* tile, std::byte*, int x,
                     int pixels) {
    const int last = t.in_width * t.in_channels - 4;  // the last whole word of a row
    const int step = t.stride_width * t.in_channels;
    int at = (x * t.stride_width - t.left) * t.in_channels;
    for (int j = 0; j < pixels; ++j, at += step, tile += 4)
      column(band.rows, t.rows, at, last, 0x01010101u * static_cast<std::uint8_t>(t.in_zero), tile,
             4 * pixels);
  }

  // One pixel: the words at `at` of all rows, with `padding` for the bytes before 0 and behind
  // `last` + 3.
  static void column(const std::byte* const* rows, int count, int at, int last,
                     std::uint32_t padding, std::byte* to, int step) {
    auto put = [&](std::uint32_t word) {
      store_aligned(to, even_bytes(word));
      store_aligned(to + step, odd_bytes(word));
      to += 2 * step;
    };
    if (at >= 0 && at <= last) {
      std::uint32_t word, even;
      asm volatile(R"(
  1:
    ldr %[word], [%[rows]], #4 ;  cbz %[word], 3f ;  ldr %[word], [%[word], %[at]]
  2:
    sxtb16 %[even], %[word] ;  str %[even], [%[to]]
    sxtb16 %[word], %[word], ror #8 ;  str %[word], [%[to], %[step]]
    add %[to], %[to], %[step], lsl #1 ;  subs %[n], #1 ;  bne 1b
    b 4f
  3:
    mov %[word], %[padding] ;  b 2b
  4:
      )"
                   : [word] "=&l"(word), [even] "=&r"(even), [rows] "+r"(rows), [to] "+r"(to),
                     [n] "+r"(count)
                   : [at] "r"(at), [step] "r"(step), [padding] "r"(padding)
                   : "cc", "memory");
    } else if (at <= -4 || at >= last + 4) {
      for (; count > 0; --count) put(padding);
    } else {
      const int before = at < 0 ? -8 * at : 0, after = at > last ? 8 * (at - last) : 0;
      const std::uint32_t fill = before != 0 ? padding >> (32 - before) : padding << (32 - after);
      if (at > last) at = last;
      if (at < 0) at = 0;
      for (; count > 0; --count)
        if (const std::byte* row = *rows++; row != nullptr)
          put(load<std::uint32_t>(row + at) << before >> after | fill);
        else
          put(padding);
    }
  }
};

// Anything else: patches of bytes first. `run`: bytes of a row of the window.
template <int run> struct Bytes {
  static constexpr bool serves(const GraphView&, const Value&) { return true; }
  static constexpr int taps(const GraphView& g, const Value& v) { return Windows::taps(g, v); }
  static constexpr int extra(const GraphView& g, const Value& v) { return 3 * round4(taps(g, v)); }

  static void start(const Task&, const Band&, std::byte*) {}

  static void patch(const Task& t, const Band& band, std::byte* to, int x) {
    const int first = x * t.stride_width - t.left;
    if (t.dilation_width == 1) return window(t, band, to, first, t.filter_width, 0);
    const int pixels = t.rows * t.filter_width;
    for (int kx = 0; kx < t.filter_width; ++kx)
      window(t, band, to + kx * t.in_channels, first + kx * t.dilation_width, 1,
             (pixels / t.rows - 1) * t.in_channels);
  }
  // `count` columns of all rows from column `first` on; `skip` bytes apart.
  [[gnu::always_inline]] static void window(const Task& t, const Band& band, std::byte* to,
                                            int first, int count, int skip) {
    const int channels = t.in_channels;
    int before = first < 0 ? -first : 0;
    if (before > count) before = count;
    int inside = t.in_width - first - before;
    if (inside > count - before) inside = count - before;
    if (inside < 0) inside = 0;
    const bool whole = inside * channels == run;
    const int after = (count - before - inside) * channels, start = (first + before) * channels;
    before *= channels;
    inside *= channels;
    const std::byte* const* rows = band.rows;
    for (int left = t.rows; left > 0; --left, to += skip) {
      const std::byte* row = *rows++;
      if (row == nullptr) {
        to = fill(to, t.in_zero, count * channels);
      } else if (whole) {
        to = copy(to, row + start, run);
      } else {
        to = fill(to, t.in_zero, before);
        to = copy(to, row + start, inside);
        to = fill(to, t.in_zero, after);
      }
    }
  }
  // All columns of the tile exist.
  static void inner(const Task& t, const Band& band, std::byte* to, int first, int size) {
    const int start = first * t.in_channels, step = t.stride_width * t.in_channels;
    const std::byte* const* rows = band.rows;
    for (int left = t.rows; left > 0; --left, to += run) {
      const std::byte* from = *rows++;
      if (from == nullptr) {
        for (int j = 0; j < 3; ++j) fill(to + j * size, t.in_zero, run);
        continue;
      }
      from += start;
      copy(to, from, run);
      copy(to + size, from + step, run);
      copy(to + 2 * size, from + 2 * step, run);
    }
  }
  static void gather(const Task& t, const Band& band, std::byte* tile, std::byte* bytes, int x,
                     int pixels) {
    const int size = round4(t.rows * run), first = x * t.stride_width - t.left;
    const int last = first + 2 * t.stride_width + t.filter_width;
    if (pixels == 3 && t.dilation_width == 1 && first >= 0 && last <= t.in_width)
      inner(t, band, bytes, first, size);
    else
      for (int j = 0; j < pixels; ++j) patch(t, band, bytes + j * size, x + j);
    spread(tile, {bytes, bytes + size, bytes + 2 * size}, pixels, size / 4);
  }
};

}  // namespace graven::core::armv7em_isa

#endif
