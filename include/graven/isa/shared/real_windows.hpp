// The windows of a convolution of float32, generic, above the instruction sets.
#pragma once

#include "graven/kernel/gather.hpp"

namespace graven::core {

// Where the inputs of a window lie: `taps` of each row, `offset` bytes into it.
struct RealWindow {
  const std::byte* const* inputs;
  int offset, rows, taps;
};

// For each output pixel `finish(out, sums)` of what `add(sums, window)` makes of its window: one
// that hangs over no edge is read where it lies. Scratch: the patch of a pixel, then its sums.
template <class Add, class Finish>
[[gnu::always_inline]] inline void each_real_window(const Task& t, const Band& band, Add&& add,
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
      add(sums, RealWindow{band.rows, first * pixel, t.rows, taps});
    } else {
      const std::byte* const inputs = gather<float>(t, band, x, 0.0f);
      add(sums, RealWindow{&inputs, 0, 1, t.rows * taps});
    }
    finish(out, sums);
  }
}

}  // namespace graven::core
