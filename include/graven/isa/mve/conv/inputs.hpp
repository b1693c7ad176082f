// Where the inputs of an output pixel lie. Pieces of a window are read in place wherever the row
// has them in one piece of memory; only what hangs over an edge is copied to scratch.
#pragma once

#if defined(__ARM_FEATURE_MVE)

#include "graven/isa/mve/conv/tiles.hpp"
#include "graven/isa/mve/copies.hpp"

namespace graven::core::mve_isa {

constexpr int round_up(int x, int to) { return (x + to - 1) / to * to; }
// Two weights of four bits.
constexpr std::int8_t two_nibbles(int low, int high) {
  return static_cast<std::int8_t>(16 * high + (low & 15));
}

enum class Access {
  points,   // 1x1 filters: always inside
  windows,  // filter rows (filter columns where they are apart) in place
  patches   // a copy of the whole window, filled up to whole blocks of 16
};

// A window's segments, in bytes, are neighbours in memory: filter rows or, with dilation, single
// pixels.
struct Segments {
  int count, length;
  bool rows;
};
constexpr Segments segments_of(const GraphView& g, const Value& v) {
  const int channels = g.input(v).shape.channels * size_of(g.source(v).element);
  return v.dilation.width == 1 || v.filter.width == 1
             ? Segments{v.filter.height, v.filter.width * channels, true}
             : Segments{v.filter.area(), channels, false};
}

struct Inputs {
  Access access;
  Segments segments;
  TileShape tile;
};

// Segments as they are, or cut into pieces of whole blocks; no pieces where that is no good.
constexpr TileShape in_pieces(Segments s) {
  const TileShape whole{s.count, s.length / 16, s.length % 16};
  if (s.count * whole.blocks() <= 12 || (whole.blocks() <= 8 && s.count <= 32)) return whole;
  for (int blocks = 8; blocks >= 3 && s.length % 16 == 0; --blocks)
    if (whole.full % blocks == 0 && s.count * whole.full / blocks <= most_pieces)
      return {s.count * whole.full / blocks, blocks, 0};
  return {0, 0, 0};
}
constexpr TileShape padded(int taps) {
  const int blocks = round_up(taps, 16) / 16, most = 8 * (blocks / (8 * most_pieces) + 1);
  const int count = blocks <= 12 ? 1 : round_up(blocks, most) / most;
  return {count, round_up(blocks, count) / count, 0};
}

// The access that takes fewer instructions on a pair of pixels, of windows.
constexpr Inputs window_inputs(Segments s, int outputs) {
  const TileShape cut = in_pieces(s), patch = padded(s.count * s.length);
  if (cut.pieces == 0) return {Access::patches, s, patch};
  const int groups = (outputs + 3) / 4;
  const int in_place = groups * (15 * cut.blocks() + 1) * cut.pieces + 6 * cut.pieces;
  const int copied =
      groups * 14 * patch.blocks() * patch.pieces + 2 * s.count * (20 + 3 * (s.length / 16));
  return in_place <= copied ? Inputs{Access::windows, s, cut} : Inputs{Access::patches, s, patch};
}
constexpr Inputs inputs_of(const GraphView& g, const Value& v) {
  const Shape in = g.input(v).shape;
  const Segments s = segments_of(g, v);
  const TileShape cut = in_pieces(s);
  if (cut.pieces != 0 && v.filter.area() == 1 && v.left == 0 && g.top(v) == 0 &&
      (v.shape.width - 1) * v.stride.width < in.width &&
      (v.shape.height - 1) * g.rows(v).step < in.height)
    return {Access::points, s, cut};
  return window_inputs(s, v.shape.channels);
}

// Scratch: the list of pieces, then for windows a segment of padding and copies of two pixels'
// windows, or the two patches.
template <Inputs in> struct Finder {
  static constexpr int piece_bytes = 16 * in.tile.full + in.tile.tail;
  static constexpr int list_bytes = (in.tile.pieces + 1) * static_cast<int>(sizeof(Piece));
  static constexpr int length = in.segments.length, copy_bytes = in.segments.count * length;
  static constexpr int scratch = list_bytes + (in.access == Access::points    ? 0
                                               : in.access == Access::patches ? 2 * in.tile.taps()
                                               : in.segments.rows ? length + 2 * copy_bytes
                                                                  : length);

  const Task& t;
  const std::byte* const* rows;
  Piece* list;
  std::byte* copies;  // windows: padding comes first
  bool all_rows = true;

  Finder(const Task& task, const Band& band)
      : t(task), rows(band.rows), list(reinterpret_cast<Piece*>(band.scratch)),
        copies(band.scratch + list_bytes) {
    list[in.tile.pieces] = {};
    if constexpr (in.access == Access::windows) {
      for (int ky = 0; ky < t.rows; ++ky) all_rows &= rows[ky] != nullptr;
      fill(copies, t.in_zero, length);
    }
  }

  bool inside(int column) const {
    return column >= 0 && column + (t.filter_width - 1) * t.dilation_width < t.in_width;
  }
  // Bytes of a filter row from `column` on that lie before, inside of and after the input's row.
  struct Overhang {
    int before, inside, after;
  };
  Overhang overhang(int column) const {
    const int width = t.filter_width, pixel = t.in_channels;
    int before = column < 0 ? -column : 0, after = column + width - t.in_width;
    if (before > width) before = width;
    if (after > width - before) after = width - before;
    if (after < 0) after = 0;
    return {before * pixel, (width - before - after) * pixel, after * pixel};
  }
  // A filter row that hangs over an edge; `from`: where it would start.
  static void gather(std::byte* to, const std::byte* from, const Overhang& edge, int zero) {
    if (edge.before > 0) fill(to, zero, edge.before);
    copy(to + edge.before, from + edge.before, edge.inside);
    if (edge.after > 0) fill(to + edge.before + edge.inside, zero, edge.after);
  }
  // The same with filter columns apart.
  void gather_apart(std::byte* to, const std::byte* row, int column) const {
    for (int kx = 0; kx < t.filter_width; ++kx, column += t.dilation_width, to += t.in_channels)
      if (column >= 0 && column < t.in_width)
        copy(to, row + column * t.in_channels, t.in_channels);
      else
        fill(to, t.in_zero, t.in_channels);
  }
  static Piece* put(Piece* piece, int side, const std::byte* at, int bytes) {
    for (int i = 0; i < bytes; i += piece_bytes) piece++->at[side] = at + i;
    return piece;
  }

  // The pieces of output pixel `x`, which is the first or the second (`side`) of a pair.
  void window(int x, int side) const {
    const int first = x * t.stride_width - t.left, offset = first * t.in_channels;
    const int count = t.rows, zero = t.in_zero;
    const bool whole = inside(first);
    const Overhang edge = overhang(first);
    std::byte* copied = copies + length + side * copy_bytes;
    Piece* piece = list;
    for (const std::byte *const *row = rows, *const *end = row + count; row != end; ++row) {
      const std::byte* at = *row == nullptr ? copies : *row + offset;
      if (!whole && *row != nullptr) {
        gather(copied, at, edge, zero);
        at = copied;
        copied += length;
      }
      piece = put(piece, side, at, length);
    }
  }
  void window_apart(int x, int side) const {
    Piece* piece = list;
    for (int ky = 0; ky < t.rows; ++ky) {
      int column = x * t.stride_width - t.left;
      for (int kx = 0; kx < t.filter_width; ++kx, column += t.dilation_width) {
        const bool exists = rows[ky] != nullptr && column >= 0 && column < t.in_width;
        piece = put(piece, side, exists ? rows[ky] + column * t.in_channels : copies, length);
      }
    }
  }
  void patch(int x, int side) const {
    std::byte* to = copies + side * in.tile.taps();
    put(list, side, to, in.tile.taps());
    const int first = x * t.stride_width - t.left, offset = first * t.in_channels;
    const int bytes = in.segments.rows ? length : length * t.filter_width, zero = t.in_zero;
    const Overhang edge = overhang(first);
    const bool whole = edge.inside == bytes;
    for (const std::byte *const *row = rows, *const *end = row + t.rows; row != end;
         ++row, to += bytes)
      if (*row == nullptr)
        fill(to, zero, bytes);
      else if (!in.segments.rows)
        gather_apart(to, *row, first);
      else if (whole)
        copy(to, *row + offset, length);
      else
        gather(to, *row + offset, edge, zero);
  }
  void find(int x, int side) const {
    if constexpr (in.access == Access::patches)
      patch(x, side);
    else if constexpr (in.access == Access::points)
      put(list, side, rows[0] + x * t.stride_width * t.in_channels, length);
    else if constexpr (in.segments.rows)
      window(x, side);
    else
      window_apart(x, side);
  }

  // From a pair of pixels to the next, where both read only what is inside of the input.
  bool in_place(int x) const {
    if constexpr (in.access == Access::points) return true;
    if constexpr (in.access == Access::patches) return false;
    const int first = x * t.stride_width - t.left;
    return inside(first) && inside(first + t.stride_width);
  }
  void advance(int step) const {
    for (Piece* piece = list; piece != list + in.tile.pieces; ++piece)
      if (in.access == Access::points || all_rows ||
          static_cast<unsigned>(piece->at[0] - copies) >= length) {
        piece->at[0] += step;
        piece->at[1] += step;
      }
  }
};

}  // namespace graven::core::mve_isa

#endif
