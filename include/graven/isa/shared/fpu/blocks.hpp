// Sums of products of many outputs: in blocks, of which each shares the loads of its inputs.
#pragma once

#if defined(__ARM_FP) && (__ARM_FP & 4)

#include "graven/isa/scalar/conv.hpp"
#include "graven/isa/shared/fpu/sums.hpp"

#include <type_traits>

namespace graven::core::fpu_isa {

using scalar_isa::Float32;

// Outputs that are computed at once, of `left`; with Helium 1, where fewer than a vector are left.
constexpr int block_of(int left) {
  int n = most_outputs;
  while (n > left && n > 4) n /= 2;
  return left >= 4 ? n : left >= least_outputs ? left : 1;
}

// Weights of `count` outputs over `taps` taps: block by block, in it tap by tap. `weight(o, k)`.
template <class Weight>
constexpr void pack_blocks(int count, int taps, Writer& to, const Weight& weight) {
  for (int o = 0; o < count;) {
    const int n = block_of(count - o);
    for (int k = 0; k < taps; ++k)
      if (!to.skips(4 * n))
        for (int i = 0; i < n; ++i) to.put(weight(o + i, k));
    o += n;
  }
}

// `f` of the block's size as a constant.
template <class Function> [[gnu::always_inline]] inline void with_block(int n, Function&& f) {
  if (n == most_outputs) return f(std::integral_constant<int, most_outputs>());
  if (most_outputs > 8 && n == 8) return f(std::integral_constant<int, 8>());
  if (n == 4) return f(std::integral_constant<int, 4>());
  if (least_outputs < 4 && n == 3) return f(std::integral_constant<int, 3>());
  if (least_outputs < 4 && n == 2) return f(std::integral_constant<int, 2>());
  f(std::integral_constant<int, 1>());
}

template <class Channels>
inline void put_all(const Channels& channels, std::byte* out, const float* sums, int count) {
  for (int o = 0; o < count; ++o) channels.finish(out, o, sums[o]);
}

// Of the channels in the stream of a task of Float32.
inline const float* biases(const Task& t) { return reinterpret_cast<const float*>(t.stream + 8); }

// Where the inputs of a window lie: `taps` of each row, `offset` bytes into it.
struct Window {
  const std::byte* const* inputs;
  int offset, rows, taps;
};

// For each output pixel `finish(out, sums)` of what `add(sums, window)` makes of its window: one
// that hangs over no edge is read where it lies. Scratch: the patch of a pixel, then its sums.
template <class Add, class Finish>
[[gnu::always_inline]] inline void each_window(const Task& t, const Band& band, Add&& add,
                                               Finish&& finish) {
  const int pixel = 4 * t.in_channels, taps = t.filter_width * t.in_channels;
  const int patch = t.rows == 1 && t.filter_width == 1 ? 0 : 4 * t.rows * taps;  // patch_bytes
  float* const sums = reinterpret_cast<float*>(band.scratch + patch);
  bool whole = t.dilation_width == 1 || t.filter_width == 1;
  for (int row = 0; row < t.rows; ++row) whole = whole && band.rows[row] != nullptr;
  std::byte* out = band.out[0];
  for (int x = 0, first = -t.left; x < t.out_width;
       ++x, first += t.stride_width, out += 4 * t.out_channels) {
    if (whole && first >= 0 && first + t.filter_width <= t.in_width) {
      add(sums, Window{band.rows, first * pixel, t.rows, taps});
    } else {
      const std::byte* const inputs = gather<float>(t, band, x, 0.0f);
      add(sums, Window{&inputs, 0, 1, t.rows * taps});
    }
    finish(out, sums);
  }
}

// sums = start + products of a window's inputs, for `count` outputs.
template <bool chained = false>
inline void add_blocks(float* sums, const float* start, int count, const Window& window,
                       const std::byte* weights) {
  const Window in = window;
  const int bytes = 4 * in.rows * in.taps;
  while (count > 0) {
    const int n = block_of(count);
    with_block(n, [&](auto size) {
      if constexpr (size < least_outputs) {
        float sum = *start;
        for (int row = 0; row < in.rows; ++row)
          sum = scalar_isa::dot<Float32>(in.inputs[row] + in.offset, weights + 4 * row * in.taps,
                                         in.taps, sum);
        *sums = sum;
      } else {
        add_window<size, chained>(sums, start, in.inputs, in.offset, weights, in.rows, in.taps);
      }
    });
    sums += n;
    start += n;
    weights += n * bytes;
    count -= n;
  }
}

}  // namespace graven::core::fpu_isa

#endif
