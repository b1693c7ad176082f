// float32 convolutions whose lanes are four neighbouring pixels, and the choice between them and
// those whose lanes are outputs. Each output adds its products in the order of scalar: the same
// bits, but for subnormal numbers, which Helium takes for zero.
#pragma once

#include "graven/kernel/prefer.hpp"

#if defined(__ARM_FEATURE_MVE) && (__ARM_FEATURE_MVE & 2)

#include "graven/isa/mve/real_outputs.hpp"

#include <arm_mve.h>

namespace graven::core::mve_isa {

#if defined(__clang__) || defined(__OPTIMIZE__)
constexpr bool assembles = true;

// The sums of four windows for n outputs, vector after vector. `lanes`: bytes from the first window
// to each; weights tap by tap, in it output by output.
template <int n>
[[gnu::noinline]] void add_pixels(float* sums, const float* start, const Window& window,
                                  const std::byte* weights, const std::uint32_t* lanes) {
  const std::byte* const* rows = window.inputs;
  int left = window.rows;
  asm volatile(R"(
    .macro start_sum at, q
    .if %c[n] > \at
    ldr r12, [%[start], #4 * \at]
    vdup.32 \q, r12
    .endif
    .endm
    .macro add_product at, q, weight
    .if %c[n] > \at
    vmul.f32 q5, q4, \weight
    vadd.f32 \q, \q, q5
    .endif
    .endm
    .macro put_sum at, q
    .if %c[n] > \at
    vstrw.32 \q, [%[sums], #16 * \at]
    .endif
    .endm
    vldrw.u32 q7, [%[lanes]]
    start_sum 0, q0
    start_sum 1, q1
    start_sum 2, q2
    start_sum 3, q3
  1:
    ldr r12, [%[rows]], #4
    add r12, %[offset]
    vadd.i32 q6, q7, r12
    dls lr, %[taps]
  2:
    vldrw.u32 q4, [q6, #4]!
    .if %c[n] == 1
    ldr r4, [%[weights]], #4
    .elseif %c[n] == 2
    ldrd r4, r5, [%[weights]], #8
    .elseif %c[n] == 3
    ldm %[weights]!, {r4, r5, r6}
    .else
    ldm %[weights]!, {r4, r5, r6, r12}
    .endif
    add_product 0, q0, r4
    add_product 1, q1, r5
    add_product 2, q2, r6
    add_product 3, q3, r12
    le lr, 2b
    subs %[left], #1
    bne 1b
    put_sum 0, q0
    put_sum 1, q1
    put_sum 2, q2
    put_sum 3, q3
    .purgem start_sum
    .purgem add_product
    .purgem put_sum
  )"
               : [weights] "+&r"(weights), [rows] "+&r"(rows), [left] "+&r"(left)
               : [sums] "r"(sums), [start] "r"(start), [offset] "r"(window.offset - 4),
                 [lanes] "r"(lanes), [taps] "r"(window.taps), [n] "i"(n)
               : "q0", "q1", "q2", "q3", "q4", "q5", "q6", "q7", "r4", "r5", "r6", "r12", "lr",
                 "cc", "memory");
}

#else  // g++ has no register left over
constexpr bool assembles = false;
template <int n>
void add_pixels(float*, const float*, const Window&, const std::byte*, const std::uint32_t*) {}
#endif

// The same of windows that hang over an edge: `first` is the column where the first one begins.
template <int n>
[[gnu::noinline]] void add_edge(const Task& t, float* sums, const float* start,
                                const Window& window, const std::byte* weights, int first) {
  const auto pixel = static_cast<std::uint32_t>(4 * t.in_channels);
  const auto* w = reinterpret_cast<const float*>(weights);
  const uint32x4_t step = vmulq_n_u32(vidupq_n_u32(0, 1), t.stride_width);
  const uint32x4_t width = vdupq_n_u32(t.in_width);
  float32x4_t acc[std::size_t{n}];
  for (int o = 0; o < n; ++o) acc[o] = vdupq_n_f32(start[o]);
  for (int row = 0; row < window.rows; ++row) {
    for (int kx = 0; kx < t.filter_width; ++kx) {
      const uint32x4_t column = vaddq_n_u32(step, static_cast<std::uint32_t>(first + kx));
      const mve_pred16_t inside = vcmphiq_u32(width, column);
      const uint32x4_t offset = vmulq_n_u32(column, pixel);
      const auto* in = reinterpret_cast<const float*>(window.inputs[row]);
      for (int c = 0; c < t.in_channels; ++c, ++in, w += n) {
        const float32x4_t x = vldrwq_gather_offset_z_f32(in, offset, inside);
        for (int o = 0; o < n; ++o) acc[o] = vaddq_f32(acc[o], vmulq_n_f32(x, w[o]));
      }
    }
  }
  for (int o = 0; o < n; ++o) vstrwq_f32(sums + 4 * o, acc[o]);
}

// Blocks of four outputs, of which the last has `last`, or four. The last windows of a row begin
// where four of them end with the row.
template <int last> struct RealPixels : scalar_isa::Conv<Float32> {
  static constexpr int scratch(const GraphView&, const Value&) { return 0; }
  static constexpr void pack(const GraphView& g, const Value& v, const Parameters& p, Writer& to) {
    Float32::pack(g, v, p, to);
    const FilterLayout layout = v.weights;
    for (int o = 0, n = 0; o < layout.outputs; o += n) {
      n = layout.outputs - o < 4 ? layout.outputs - o : 4;
      for (int k = 0; k < layout.taps; ++k)
        if (!to.skips(4 * n))
          for (int i = o; i < o + n; ++i) to.put(p.filter.float32[layout.index(i, k)]);
    }
  }

  // Outputs o to o + n of all pixels.
  template <int n>
  static void block(const Task& t, const Band& band, int o, const std::byte* weights) {
    const Float32 channels(t);
    int top = 0, bottom = t.rows;  // missing rows are at the window's ends
    while (top < bottom && band.rows[top] == nullptr) ++top;
    while (bottom > top && band.rows[bottom - 1] == nullptr) --bottom;
    const int pixel = 4 * t.in_channels, taps = t.filter_width * t.in_channels;
    Window window{band.rows + top, 0, bottom - top, taps};
    weights += 4 * n * top * taps;
    const uint32x4_t lanes = vidupq_n_u32(0, 1);
    std::uint32_t in[4];
    vstrwq_u32(in, vmulq_n_u32(lanes, static_cast<std::uint32_t>(t.stride_width * pixel)));
    const uint32x4_t to = vmulq_n_u32(lanes, static_cast<std::uint32_t>(4 * t.out_channels));
    const float32x4_t low = vdupq_n_f32(channels.range.low);
    const float32x4_t high = vdupq_n_f32(channels.range.high);
    const float* const start = biases(t) + o;
    const int beyond = t.in_width - t.filter_width - 3 * t.stride_width;
    for (int x = 0; x < t.out_width; x += 4) {
      if (x > t.out_width - 4) x = t.out_width - 4;
      const int first = x * t.stride_width - t.left;
      float sums[std::size_t{4 * n}];
      window.offset = first * pixel;
      if (assembles && window.rows > 0 && first >= 0 && first <= beyond)
        add_pixels<n>(sums, start, window, weights, in);
      else
        add_edge<n>(t, sums, start, window, weights, first);
      auto* const out = reinterpret_cast<float*>(band.out[0]) + x * t.out_channels + o;
      for (int i = 0; i < n; ++i)
        vstrwq_scatter_offset_f32(out + i, to, clamped(vldrwq_f32(sums + 4 * i), low, high));
    }
  }
  static void run(const Task& task, const Band& band) {
    const Task t = task;
    const std::byte* weights = Float32(t).weights();
    const int bytes = 16 * t.rows * t.filter_width * t.in_channels;
    int o = 0;
    for (; o + 4 <= t.out_channels; o += 4, weights += bytes) block<4>(t, band, o, weights);
    if constexpr (last > 0) block<last>(t, band, o, weights);
  }
};

// Instructions per tap and row of outputs: a load of four inputs, weights, and two per output and
// vector; or two per vector of outputs and a load, and a quarter of what goes before four taps.
constexpr bool by_pixels(const Value& v) {
  const int outputs = v.shape.channels, width = v.shape.width;
  const int pixels = (width + 3) / 4 * ((outputs + 3) / 4 * 3 + 2 * outputs);
  const int lanes = width * ((outputs + 3) / 4 * 12 + (outputs + 15) / 16 * 2) / 4;
  return width >= 4 && v.dilation.width == 1 && pixels < lanes;
}
struct RealConvs {
  static constexpr const char* name = "mve.real_conv";
  static constexpr bool serves(const GraphView& g, int value) {
    return scalar_isa::computes<Float32>(g, value, op::conv);
  }
  template <const auto& graph, int value> static constexpr auto kernel() {
    constexpr const Value& v = graph.values[value];
    if constexpr (by_pixels(v))
      return RealPixels<v.shape.channels % 4>{};
    else
      return RealOutputs<RealBlocks(v.shape.channels)>{};
  }
};
struct RealDense {
  static constexpr const char* name = "mve.real_dense";
  static constexpr bool serves(const GraphView& g, int value) {
    return scalar_isa::computes<Float32>(g, value, op::dense);
  }
  template <const auto& graph, int value> static constexpr auto kernel() {
    return RealRows<RealBlocks(graph.values[value].shape.channels)>{};
  }
};
using RealWeights = Prefer<RealConvs, RealDense>;

}  // namespace graven::core::mve_isa

#else

namespace graven::core::mve_isa {
using RealWeights = Prefer<>;
}

#endif
