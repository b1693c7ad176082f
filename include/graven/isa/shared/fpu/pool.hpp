// Pools of float32 on cores with an FPU: up to eight channels at a time, each in the order of
// scalar.
#pragma once

#if defined(__ARM_FP) && (__ARM_FP & 4)

#include "graven/isa/scalar/binaries.hpp"
#include "graven/isa/scalar/pool.hpp"
#include "graven/isa/shared/fpu/blocks.hpp"

namespace graven::core::fpu_isa {

// The flags of floats are a register of their own to g++, of which clang does not know.
#if defined(__clang__)
#define GRAVEN_FLOAT_FLAGS "cc"
#else
#define GRAVEN_FLOAT_FLAGS "cc", "vfpcc"
#endif

// The larger one; of two that do not compare, the first.
[[gnu::always_inline]] inline float larger(float most, float x) {
  asm("vcmp.f32 %1, %0\n\tvmrs APSR_nzcv, fpscr\n\tit gt\n\tvmovgt.f32 %0, %1"
      : "+t"(most)
      : "t"(x)
      : GRAVEN_FLOAT_FLAGS);
  return most;
}
#undef GRAVEN_FLOAT_FLAGS

template <class Rule> struct Pool : scalar_isa::Pool<float, Rule, false> {
  [[gnu::always_inline]] static float add(float acc, float x) {
    if constexpr (std::is_same_v<Rule, scalar_isa::Largest<float>>)
      return larger(acc, x);
    else
      return acc + x;
  }
  // n channels of a window, which begin `offset` bytes into each row.
  template <int n>
  static void run_block(const Task& t, const Band& band, int offset, int columns, std::byte* out) {
    const int pixel = 4 * t.in_channels;
    float sums[static_cast<unsigned>(n)];
    for (int i = 0; i < n; ++i) sums[i] = Rule::start();
    int rows = 0;
    for (int row = 0; row < t.rows; ++row) {
      if (band.rows[row] == nullptr) continue;
      ++rows;
      const std::byte* in = band.rows[row] + offset;
      for (int left = columns; left > 0; --left, in += pixel)
#pragma GCC unroll 8
        for (int i = 0; i < n; ++i) sums[i] = add(sums[i], load_aligned<float>(in + 4 * i));
    }
    for (int i = 0; i < n; ++i) Rule::finish(out + 4 * i, t, sums[i], rows * columns);
  }
  static void run(const Task& task, const Band& band) {
    const Task t = task;
    const int count = t.in_channels;
    std::byte* out = band.out[0];
    for (int x = 0; x < t.out_width; ++x) {
      int from = x * t.stride_width - t.left, to = from + t.filter_width;
      if (from < 0) from = 0;
      if (to > t.in_width) to = t.in_width;
      for (int c = 0; c < count;) {
        const int n = block_of(count - c), offset = 4 * (from * count + c);
        with_block(n, [&](auto size) { run_block<size>(t, band, offset, to - from, out); });
        out += 4 * n;
        c += n;
      }
    }
  }
};
template <const Op& made, class Rule> struct Pools {
  static constexpr auto text = scalar_isa::joined_name<made>("fpu.");
  static constexpr const char* name = text.data();
  static constexpr bool serves(const GraphView& g, int value) {
    return makes<float>(g, value, made) && !g[value].reduces;
  }
  template <const auto& graph, int value> static constexpr auto kernel() { return Pool<Rule>{}; }
};
using AllPools = Prefer<Pools<op::max_pool, scalar_isa::Largest<float>>,
                        Pools<op::average_pool, scalar_isa::Average<float, float>>>;

}  // namespace graven::core::fpu_isa

#endif
