// Layers of float32 with int8 weights on cores with an FPU: blocks of 4, 8 or (Helium) 16 outputs,
// of which each adds its products in the order of scalar; weights become float in registers.
#pragma once

#include "graven/isa/shared/fpu/blocks.hpp"
#include "graven/kernel/prefer.hpp"

namespace graven::core::fpu_isa {

#if defined(__ARM_FP) && (__ARM_FP & 4)

using scalar_isa::Hybrid;

// sums[i] += the products of `count` inputs, i < n. Weights: per input those of each output.
#if defined(__ARM_FEATURE_MVE) && (__ARM_FEATURE_MVE & 2)

template <int n>
void add_hybrid(float* sums, const std::byte* inputs, const std::byte* weights, int count) {
  asm volatile(GRAVEN_FPU_VECTORS R"(
    .macro get q at
    vldrw.32 \q, [%[sums], #\at]
    .endm
    .macro add_product q at
    vldrb.s32 q4, [%[weights]], #4
    vcvt.f32.s32 q4, q4
    vmul.f32 q4, q4, r12
    vadd.f32 \q, \q, q4
    .endm
    each_vector get
    wls lr, %[count], 2f
  1:
    ldr r12, [%[inputs]], #4
    each_vector add_product
    le lr, 1b
  2:
    each_vector put
    .purgem get
    .purgem add_product
  )" GRAVEN_FPU_VECTORS_END
               : [inputs] "+&r"(inputs), [weights] "+&l"(weights)
               : [sums] "r"(sums), [count] "r"(count), [n] "i"(n)
               : "q0", "q1", "q2", "q3", "q4", "r12", "lr", "memory");
}

#else

template <int n>
void add_hybrid(float* sums, const std::byte* inputs, const std::byte* weights, int count) {
  if (count == 0) return;
  std::int32_t a, b;
  asm volatile(GRAVEN_FPU_EIGHT R"(
    .macro two at, first, second
    .if %c[n] > \at
    ldrsb %[a], [%[weights], #\at]
    ldrsb %[b], [%[weights], #\at + 1]
    vmov \first, \second, %[a], %[b]
    vcvt.f32.s32 \first, \first
    vcvt.f32.s32 \second, \second
    .endif
    .endm
    several vldmia, %[sums], s0, s%c[end0]
  1:
    vldmia %[inputs]!, {s16}
    two 0, s8, s9
    two 2, s10, s11
    two 4, s12, s13
    two 6, s14, s15
    add %[weights], #%c[n]
    products s16
    sums
    subs %[count], #1
    bne 1b
    several vstmia, %[sums], s0, s%c[end0]
    .purgem two
  )" GRAVEN_FPU_END
               : [inputs] "+&r"(inputs), [weights] "+&r"(weights), [count] "+&r"(count),
                 [a] "=&r"(a), [b] "=&r"(b)
               : [sums] "r"(sums), [n] "i"(n), [end0] "i"(n - 1)
               : "s0", "s1", "s2", "s3", "s4", "s5", "s6", "s7", "s8", "s9", "s10", "s11", "s12",
                 "s13", "s14", "s15", "s16", "cc", "memory");
}

#endif

// Outputs are made up to a multiple of four. Weights: per block, row by row of the inputs, those of
// each tap.
constexpr int padded_outputs(int channels) { return (channels + 3) & ~3; }
constexpr int hybrid_block(int left) {
  return left >= most_outputs ? most_outputs : left >= 8 ? 8 : 4;
}
constexpr int made_up_block(int left) { return hybrid_block(padded_outputs(left)); }

inline void clear(float* sums, int channels) {
  for (int o = 0; o < padded_outputs(channels); ++o) sums[o] = 0;
}
// Adds the products of a window's inputs.
inline void add_hybrids(float* sums, int channels, const Window& window, const std::byte* weights) {
  const Window w = window;
  for (int left = padded_outputs(channels), n = 0; left > 0; left -= n, sums += n) {
    n = hybrid_block(left);
    for (int row = 0; row < w.rows; ++row, weights += n * w.taps) {
      const std::byte* const in = w.inputs[row] + w.offset;
      if (n == most_outputs)
        add_hybrid<most_outputs>(sums, in, weights, w.taps);
      else if (n == 8)
        add_hybrid<8>(sums, in, weights, w.taps);
      else
        add_hybrid<4>(sums, in, weights, w.taps);
    }
  }
}

struct HybridConv : scalar_isa::Conv<Hybrid> {
  static constexpr const char* name = "fpu.hybrid";
  static constexpr int scratch(const GraphView& g, const Value& v) {
    return patch_bytes(g, v) + 4 * padded_outputs(v.shape.channels);
  }
  static constexpr int stream_size(const GraphView&, const Value& v) {
    const int channels = v.shape.channels;
    return Hybrid::header(channels) + padded_outputs(channels) * v.weights.taps;
  }
  static constexpr void pack(const GraphView& g, const Value& v, const Parameters& p, Writer& to) {
    pack_conv<Hybrid>(g, v, p, to, made_up_block);
  }
  static void run(const Task& task, const Band& band) {
    const Task t = task;
    const Hybrid channels(t);
    each_real_window(
        t, band,
        [&](float* sums, const Window& window) {
          clear(sums, t.out_channels);
          add_hybrids(sums, t.out_channels, window, channels.weights());
        },
        [&](std::byte* out, const float* sums) { put_all(channels, out, sums, t.out_channels); });
  }
};

// Running sums in scratch: step r adds row r of the input.
struct HybridDense : scalar_isa::DenseRows<Hybrid> {
  static constexpr const char* name = "fpu.hybrid_dense";
  static constexpr int scratch(const GraphView&, const Value& v) {
    return 4 * padded_outputs(v.shape.channels);
  }
  static constexpr int stream_size(const GraphView& g, const Value& v) {
    const int channels = v.shape.channels;
    return Hybrid::header(channels) + padded_outputs(channels) * g.input(v).shape.size();
  }
  static constexpr void pack(const GraphView& g, const Value& v, const Parameters& p, Writer& to) {
    pack_rows<Hybrid>(g, v, p, to, made_up_block);
  }
  static void run(const Task& task, const Band& band) {
    const Task t = task;
    const Hybrid channels(t);
    const int length = t.in_width * t.in_channels, count = t.out_channels;
    float* const sums = reinterpret_cast<float*>(band.scratch);
    if (band.first) clear(sums, count);
    add_hybrids(sums, count, {band.rows, 0, 1, length},
                channels.weights() + band.step * padded_outputs(count) * length);
    if (band.last) put_all(channels, band.out[0], sums, count);
  }
};

using Hybrids = Prefer<HybridConv, HybridDense>;

#endif

}  // namespace graven::core::fpu_isa
