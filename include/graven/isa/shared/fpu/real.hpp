// float32 layers with weights on cores with an FPU: outputs in blocks, of which each adds its
// products in the order of scalar: the same bits, but for what sums.hpp says. Rows of float32 are
// aligned: inputs and outputs of a model begin at a multiple of 4 and have rows of whole words, all
// other rows begin at one.
#pragma once

#include "graven/isa/shared/fpu/attention.hpp"
#include "graven/isa/shared/fpu/blocks.hpp"
#include "graven/isa/shared/fpu/hybrid.hpp"
#include "graven/isa/shared/fpu/pool.hpp"
#include "graven/isa/shared/fpu/quantize.hpp"
#include "graven/isa/shared/fpu/recurrent.hpp"
#include "graven/isa/shared/fpu/rope.hpp"
#include "graven/isa/shared/fpu/square_root.hpp"
#include "graven/kernel/prefer.hpp"

namespace graven::core::fpu_isa {

#if defined(__ARM_FP) && (__ARM_FP & 4)

using scalar_isa::Float32;

#if !defined(__ARM_FEATURE_MVE)  // which has convolutions, Dense, pools and attention of its own

struct Conv : scalar_isa::Conv<Float32> {
  static constexpr const char* name = "fpu.conv";
  static constexpr int scratch(const GraphView& g, const Value& v) {
    return patch_bytes(g, v) + 4 * v.shape.channels;
  }
  static constexpr void pack(const GraphView& g, const Value& v, const Parameters& p, Writer& to) {
    pack_conv<Float32>(g, v, p, to);
  }
  static void run(const Task& task, const Band& band) {
    const Task t = task;
    const Float32 channels(t);
    each_real_window(
        t, band,
        [&](float* sums, const Window& window) {
          add_blocks(sums, biases(t), t.out_channels, window, channels.weights());
        },
        [&](std::byte* out, const float* sums) { put_all(channels, out, sums, t.out_channels); });
  }
};

// Images of one channel: the rows of the window with what is around them, in scratch, over which
// neighbouring windows are summed at once. Scratch: the rows, then the sums.
template <int stride> struct LoneConv : scalar_isa::Conv<Float32> {
  static constexpr const char* name = stride == 1 ? "fpu.lone" : "fpu.lone_by_two";
  static constexpr bool serves(const GraphView& g, int value) {
    const Value& v = g[value];
    return scalar_isa::computes<Float32>(g, value, op::conv) && g.input(v).shape.channels == 1 &&
           v.shape.channels <= 4 && v.stride.width == stride && v.dilation.width == 1 &&
           v.filter.area() > 1;
  }
  // What the windows of a row reach over.
  static constexpr int columns_of(int outputs, int filter) {
    return (outputs - 1) * stride + filter;
  }
  static constexpr int scratch(const GraphView&, const Value& v) {
    return 4 * (v.filter.height * columns_of(v.shape.width, v.filter.width) + most_outputs);
  }

  // A quarter of what a call of memcpy takes for such rows.
  static void copy_floats(std::byte* to, const std::byte* from, int count) {
    asm volatile(R"(
      subs %[count], #8
      blt 2f
    1:
      vldmia %[from]!, {s0-s7}
      subs %[count], #8
      vstmia %[to]!, {s0-s7}
      bge 1b
    2:
      adds %[count], #8
      beq 4f
    3:
      vldmia %[from]!, {s0}
      subs %[count], #1
      vstmia %[to]!, {s0}
      bne 3b
    4:
    )"
                 : [to] "+&r"(to), [from] "+&r"(from), [count] "+&r"(count)
                 :
                 : "s0", "s1", "s2", "s3", "s4", "s5", "s6", "s7", "cc", "memory");
  }
  // What lies beside the row is little, and not worth a call.
  static std::byte* pad(std::byte* to, int columns) {
    for (; columns > 0; --columns, to += 4) store_aligned(to, 0.0f);
    return to;
  }
  static std::byte* copy_row(const Task& t, const std::byte* row, std::byte* to, int columns) {
    if (row == nullptr) return pad(to, columns);
    const int left = columns - t.left, inside = left < t.in_width ? left : t.in_width;
    to = pad(to, t.left);
    copy_floats(to, row, inside);
    return pad(to + 4 * inside, left - inside);
  }
  static void run(const Task& task, const Band& band) {
    const Task t = task;
    const Float32 channels(t);
    const int columns = columns_of(t.out_width, t.filter_width);
    const int taps = t.rows * t.filter_width, pixel = 4 * t.out_channels;
    std::byte* end = band.scratch;
    for (int r = 0; r < t.rows; ++r) end = copy_row(t, band.rows[r], end, columns);
    float* const sums = reinterpret_cast<float*>(end);
    for (int o = 0; o < t.out_channels; ++o) {
      std::byte* out = band.out[0] + 4 * o;
      for (int x = 0; x < t.out_width;) {
        const int n = block_of(t.out_width - x);
        with_block(n, [&](auto size) {
          add_columns<size, stride>(sums, channels.start(o), band.scratch + 4 * stride * x,
                                    4 * (columns - t.filter_width),
                                    channels.weights() + 4 * o * taps, t.rows, t.filter_width);
        });
        for (int i = 0; i < n; ++i, out += pixel) channels.put(out, sums[i], {});
        x += n;
      }
    }
  }
};
// Running sums in scratch: step r adds row r of the input.
struct DenseRows : scalar_isa::DenseRows<Float32> {
  static constexpr const char* name = "fpu.dense";
  static constexpr void pack(const GraphView& g, const Value& v, const Parameters& p, Writer& to) {
    pack_rows<Float32>(g, v, p, to);
  }
  static void run(const Task& task, const Band& band) {
    const Task t = task;
    const Float32 channels(t);
    const int length = t.in_width * t.in_channels, count = t.out_channels;
    float* const sums = reinterpret_cast<float*>(band.scratch);
    add_blocks(sums, band.first ? biases(t) : sums, count, {band.rows, 0, 1, length},
               channels.weights() + band.step * 4 * count * length);
    if (band.last) put_all(channels, band.out[0], sums, count);
  }
};

using windows = Prefer<LoneConv<1>, LoneConv<2>, Conv, DenseRows>;

#endif

// One output per input channel.
struct Depthwise : scalar_isa::Depthwise<Float32> {
  static constexpr const char* name = "fpu.depthwise";
  static constexpr bool serves(const GraphView& g, int value) {
    const int channels = g[value].shape.channels;
    return makes<float>(g, value, op::depthwise) && channels >= 4 &&
           channels == g.input(g[value]).shape.channels;
  }
  [[gnu::noinline]] static void run_pixel(const Task& task, const Inside& inside, std::byte* out) {
    const Task t = task;
    const Inside window = inside;
    const Float32 channels(t);
    const Steps step{t.dilation_width * t.in_channels * 4, t.out_channels * 4};
    for (int c = 0; c < t.out_channels;) {
      const int n = block_of(t.out_channels - c);
      with_block(n, [&](auto size) {
        float sums[size];
        for (int i = 0; i < size; ++i) sums[i] = channels.start(c + i);
        if constexpr (size < least_outputs) {
          sums[0] = sum(t, window, window.offset + 4 * c, 4 * c, sums[0]);
        } else {
          const std::byte* weights = window.w + 4 * c;
          for (int row = 0; row < window.row_count && window.taps > 0; ++row) {
            add_apart<size>(sums, sums, window.rows[row] + window.offset + 4 * c, weights, step,
                            window.taps);
            weights += t.filter_width * step.weights;
          }
        }
        put_all(channels, out + 4 * c, sums, size);
      });
      c += n;
    }
  }
  static void run(const Task& task, const Band& band) { each_pixel<&run_pixel>(task, band); }
};

#if defined(__ARM_FEATURE_MVE)
using all = Prefer<Depthwise, Hybrids, AllCells, BankRoot>;
#else
using all = Prefer<windows, Depthwise, Hybrids, AllCells, AllPools, Attention, BankRoot>;
#endif
#if defined(__ARM_FEATURE_DSP)
using kernels = Prefer<all, Quantize<std::int8_t>, Quantize<std::uint8_t>, RoPE<std::int8_t>,
                       RoPE<std::int16_t>>;
#else
using kernels = all;
#endif

#else

using kernels = Prefer<>;

#endif

}  // namespace graven::core::fpu_isa
