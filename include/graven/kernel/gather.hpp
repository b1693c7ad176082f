// Collecting the input of one output pixel: generic, above the instruction sets.
#pragma once

#include "graven/kernel/task.hpp"

namespace graven::core {

// Bytes of a patch; none where every patch lies in one piece in the input row.
constexpr int patch_bytes(const GraphView& graph, const Value& value) {
  const Shape in = graph.input(value).shape;
  const int bytes = value.filter.area() * in.channels * size_of(graph.source(value).element);
  return value.filter.area() == 1 ? 0 : (bytes + 3) / 4 * 4;
}

// The window of output pixel `x`, HWC: a pointer into the row for 1x1 filters, otherwise a copy in
// scratch with `zero` where the window hangs over an edge.
template <class T>
constexpr const std::byte* gather(const Task& task, const Band& band, int x, T zero) {
  constexpr int size = sizeof(T);
  const int pixel = task.in_channels * size, width = task.in_width;
  const int first = x * task.stride_width - task.left;
  if (task.rows == 1 && task.filter_width == 1) return band.rows[0] + first * pixel;
  std::byte* to = band.scratch;
  for (int ky = 0; ky < task.rows; ++ky) {
    const std::byte* row = band.rows[ky];
    for (int kx = 0; kx < task.filter_width;) {
      const int column = first + kx * task.dilation_width;
      if (row == nullptr || column < 0 || column >= width) {
        for (int c = 0; c < task.in_channels; ++c, to += size) store_element<T>(to, zero);
        ++kx;
      } else {
        int run = 1;  // neighbouring columns are copied at once
        if (task.dilation_width == 1)
          run = width - column < task.filter_width - kx ? width - column : task.filter_width - kx;
        copy_bytes(to, row + column * pixel, run * pixel);
        to += run * pixel;
        kx += run;
      }
    }
  }
  return band.scratch;
}

// Bytes of any length and address; libraries built for size copy them one by one. Loops that
// end at an address stay as they are: g++ would first compute how often others run.
template <bool unaligned> struct ByteCopies {
  static constexpr bool unaligned_loads = unaligned;

  [[gnu::noinline]] static std::byte* copy(std::byte* to, const std::byte* from, int count) {
    const auto address =
        reinterpret_cast<std::uintptr_t>(to) | reinterpret_cast<std::uintptr_t>(from);
    const std::byte* end;
    if (unaligned) {
      for (end = from + (count & ~3); from != end; from += 4, to += 4)
        store(to, load<std::uint32_t>(from));
    } else if ((address & 3) == 0) {
      auto move = [&](int at) { store_aligned(to + at, load_aligned<std::uint32_t>(from + at)); };
      for (end = from + (count & ~15); from != end; from += 16, to += 16) {
        move(0);
        move(4);
        move(8);
        move(12);
      }
      for (end = from + (count & 12); from != end; from += 4, to += 4) move(0);
    } else {
      for (end = from + (count & ~3); from != end; from += 4, to += 4) {
        const std::byte a = from[0], b = from[1], c = from[2], d = from[3];
        to[0] = a;
        to[1] = b;
        to[2] = c;
        to[3] = d;
      }
    }
    for (end = from + (count & 3); from != end;) *to++ = *from++;
    return to;
  }
  // A count that the compiler knows: no loop, no call.
  template <int count>
  [[gnu::always_inline]] static void few(std::byte* to, const std::byte* from) {
    constexpr int words = unaligned ? count / 4 : 0;
#pragma GCC unroll 4
    for (int i = 0; i < words; ++i) store(to + 4 * i, load<std::uint32_t>(from + 4 * i));
#pragma GCC unroll 16
    for (int i = 4 * words; i < count; ++i) to[i] = from[i];
  }
  [[gnu::noinline]] static std::byte* fill(std::byte* to, int value, int count) {
    const auto byte = static_cast<std::byte>(value);
    const std::byte* end = to + (count & ~3);
    if (unaligned || (reinterpret_cast<std::uintptr_t>(to) & 3) == 0)
      for (const std::uint32_t word = 0x01010101u * static_cast<std::uint8_t>(value); to != end;
           to += 4)
        unaligned ? store(to, word) : store_aligned(to, word);
    for (; to != end; to += 4) to[0] = to[1] = to[2] = to[3] = byte;
    for (end = to + (count & 3); to != end;) *to++ = byte;
    return to;
  }
};

// `count` columns of an int8 row from `first` on, of them `channels` from `channel` on; returns the
// end of the copy. Columns and rows that do not exist are padding.
template <class Core>
std::byte* copy_columns(const Task& t, std::byte* to, const std::byte* row, int first, int count,
                        int channel, int channels) {
  const int last = first + count;
  const int from = row == nullptr || first < 0 ? 0 : first;
  const int until = row == nullptr ? 0 : last < t.in_width ? last : t.in_width;
  if (until <= from) return Core::fill(to, t.in_zero, count * channels);
  if (from > first) to = Core::fill(to, t.in_zero, (from - first) * channels);
  if (channels == t.in_channels)
    to = Core::copy(to, row + from * channels, (until - from) * channels);
  else
    for (int x = from; x < until; ++x)
      to = Core::copy(to, row + x * t.in_channels + channel, channels);
  return last > until ? Core::fill(to, t.in_zero, (last - until) * channels) : to;
}

}  // namespace graven::core
