// float32 convolutions and Dense layers whose lanes are outputs: of a pixel up to sixteen at a
// time, each of which adds its products in the order of scalar: the same bits, but for subnormal
// numbers, which Helium takes for zero.
#pragma once

#if defined(__ARM_FEATURE_MVE) && (__ARM_FEATURE_MVE & 2)

#include "graven/isa/mve/reals.hpp"
#include "graven/isa/scalar/conv.hpp"
#include "graven/isa/shared/fpu/blocks.hpp"

#include <arm_mve.h>
#include <type_traits>

namespace graven::core::mve_isa {

using fpu_isa::biases, fpu_isa::Window, scalar_isa::Float32;

// Outputs that are computed at once, of `left`: what is less than 8 comes last.
constexpr int real_block(int left) { return left >= 16 ? 16 : left >= 8 ? 8 : left; }

// Which blocks there are of so many outputs.
struct RealBlocks {
  bool sixteen, eight;
  int last;

  constexpr explicit RealBlocks(int outputs)
      : sixteen(outputs >= 16), eight((outputs & 8) != 0), last(outputs & 7) {}
};

template <int n>
[[gnu::noinline]] void add_real(float* sums, const float* start, const Window& window,
                                const std::byte* weights) {
  fpu_isa::add_window<n>(sums, start, window.inputs, window.offset, weights, window.rows,
                         window.taps);
}
// sums = start + products of a window's inputs, for `outputs` outputs.
template <RealBlocks blocks>
void add_reals(float* sums, const float* start, int outputs, const Window& window,
               const std::byte* weights) {
  const int bytes = 4 * window.rows * window.taps;
  auto add = [&](auto n) {
    add_real<n>(sums, start, window, weights);
    sums += n;
    start += n;
    weights += n * bytes;
    outputs -= n;
  };
  if constexpr (blocks.sixteen)
    while (outputs >= 16) add(std::integral_constant<int, 16>());
  if constexpr (blocks.eight) add(std::integral_constant<int, 8>());
  if constexpr (blocks.last > 0) add(std::integral_constant<int, blocks.last>());
}

inline void clamp_reals(const Task& t, const float* sums, std::byte* out, int count) {
  const Float32 channels(t);
  const float32x4_t low = vdupq_n_f32(channels.range.low), high = vdupq_n_f32(channels.range.high);
  for (; count > 0; count -= 4, sums += 4, out += 16) {
    const mve_pred16_t some = some_of(count);
    vstrwq_p_f32(reinterpret_cast<float*>(out), clamped(vldrwq_z_f32(sums, some), low, high), some);
  }
}

// Behind the weights there is what a vector reads beyond the last output's.
constexpr int real_stream_size(const Value& v) {
  return Float32::header(v.shape.channels) + 4 * v.weights.size() +
         (v.shape.channels % 4 == 0 ? 0 : fpu_isa::over_read);
}

template <RealBlocks blocks> struct RealOutputs : scalar_isa::Conv<Float32> {
  static constexpr int stream_size(const GraphView&, const Value& v) { return real_stream_size(v); }
  static constexpr void pack(const GraphView& g, const Value& v, const Parameters& p, Writer& to) {
    fpu_isa::pack_conv<Float32>(g, v, p, to, real_block);
  }
  static void run(const Task& task, const Band& band) {
    const Task t = task;
    const Float32 channels(t);
    const int count = t.out_channels;
    auto* out = reinterpret_cast<float*>(band.out[0]);  // where sums can be at once
    each_real_window(
        t, band,
        [&](float*, const Window& window) {
          add_reals<blocks>(out, biases(t), count, window, channels.weights());
        },
        [&](std::byte*, const float*) { out += count; });
    clamp_reals(t, reinterpret_cast<const float*>(band.out[0]), band.out[0], t.out_width * count);
  }
};

// Running sums in scratch: step r adds row r of the input.
template <RealBlocks blocks> struct RealRows : scalar_isa::DenseRows<Float32> {
  static constexpr int stream_size(const GraphView&, const Value& v) { return real_stream_size(v); }
  static constexpr void pack(const GraphView& g, const Value& v, const Parameters& p, Writer& to) {
    fpu_isa::pack_rows<Float32>(g, v, p, to, real_block);
  }
  static void run(const Task& task, const Band& band) {
    const Task& t = task;
    const int length = t.in_width * t.in_channels, count = t.out_channels;
    auto* const sums = reinterpret_cast<float*>(band.scratch);
    add_reals<blocks>(sums, band.first ? biases(t) : sums, count, {band.rows, 0, 1, length},
                      t.stream + Float32::header(count) + band.step * 4 * count * length);
    if (band.last) clamp_reals(t, sums, band.out[0], count);
  }
};

}  // namespace graven::core::mve_isa

#endif
