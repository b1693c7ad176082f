// Depthwise convolution with windows of any size and rows of any width: eight channels at a time in
// 32-bit sums. columns.hpp is better at what it takes.
#pragma once

#if defined(__ARM_FEATURE_MVE)

#include "graven/isa/scalar/conv.hpp"

namespace graven::core::mve_isa {

// Taps of a row of the filter, and bytes from each to the next.
struct TapRow {
  int count, input_step, weight_step;
};

// even[i], odd[i] += sum over taps of (input - zero) * weight, of channels 2 i and 2 i + 1 of
// `channels`, at most 8.
inline void add_taps(std::int32_t (&even)[4], std::int32_t (&odd)[4], const std::byte* inputs,
                     const std::byte* weights, const TapRow& row, int zero, int channels) {
  asm volatile(R"(
    vldrw.32 q0, [%[even]]
    vldrw.32 q1, [%[odd]]
    vdup.16 q4, %[zero]
    vctp.16 %[channels]
    dls lr, %[count]
  1:
    vpstt
    vldrbt.s16 q2, [%[inputs]]
    vldrbt.s16 q3, [%[weights]]
    vsub.i16 q2, q2, q4
    add %[inputs], %[input_step]
    vmullb.s16 q5, q2, q3
    vmullt.s16 q6, q2, q3
    add %[weights], %[weight_step]
    vadd.i32 q0, q0, q5
    vadd.i32 q1, q1, q6
    le lr, 1b
    vstrw.32 q0, [%[even]]
    vstrw.32 q1, [%[odd]]
  )"
               : [inputs] "+&l"(inputs), [weights] "+&l"(weights)
               : [even] "r"(even), [odd] "r"(odd), [input_step] "r"(row.input_step),
                 [weight_step] "r"(row.weight_step), [count] "r"(row.count), [zero] "r"(zero),
                 [channels] "r"(channels)
               : "q0", "q1", "q2", "q3", "q4", "q5", "q6", "lr", "cc", "memory");
}

// One output per input channel.
struct AnyDepthwise : scalar_isa::Depthwise<scalar_isa::Int8> {
  static constexpr const char* name = "mve.depthwise";
  static constexpr bool serves(const GraphView& g, int value) {
    return makes<std::int8_t>(g, value, op::depthwise) &&
           g[value].shape.channels == g.input(g[value]).shape.channels;
  }
  [[gnu::noinline]] static void run_pixel(const Task& task, const Inside& inside, std::byte* out) {
    const Task t = task;
    const Inside window = inside;
    const scalar_isa::Int8 channels(t);
    const TapRow row{window.taps, t.dilation_width * t.in_channels, t.out_channels};
    for (int c = 0; c < t.out_channels; c += 8) {
      const int count = t.out_channels - c < 8 ? t.out_channels - c : 8;
      std::int32_t sums[2][4]{};
      const std::byte* weights = window.w + c;
      for (int y = 0; y < window.row_count && row.count > 0; ++y) {
        add_taps(sums[0], sums[1], window.rows[y] + window.offset + c, weights, row, t.in_zero,
                 count);
        weights += t.filter_width * row.weight_step;
      }
      for (int i = 0; i < count; ++i)
        channels.finish(out, c + i, channels.start(c + i) + sums[i % 2][i / 2]);
    }
  }
  static void run(const Task& task, const Band& band) { each_pixel<&run_pixel>(task, band); }
};

}  // namespace graven::core::mve_isa

#endif
