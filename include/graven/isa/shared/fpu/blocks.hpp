// Sums of products of many outputs: in blocks, of which each shares the loads of its inputs.
#pragma once

#if defined(__ARM_FP) && (__ARM_FP & 4)

#include "graven/isa/scalar/conv.hpp"
#include "graven/isa/shared/fpu/sums.hpp"
#include "graven/isa/shared/real_windows.hpp"

#include <type_traits>

namespace graven::core::fpu_isa {

using scalar_isa::Float32;

// Outputs that are computed at once, of `left`; with Helium 1, where fewer than a vector are left.
constexpr int block_of(int left) {
  int n = most_outputs;
  while (n > left && n > 4) n /= 2;
  return left >= 4 ? n : left >= least_outputs ? left : 1;
}

// Outputs of the next block, of so many that are left; where it has more, they weigh nothing.
using BlockOf = int (*)(int left);

// Weights of `count` outputs over `taps` taps: block by block, in it tap by tap. `weight(o, k)`.
template <class Weight>
constexpr void pack_blocks(int count, int taps, Writer& to, const Weight& weight,
                           BlockOf block = block_of) {
  using T = decltype(weight(0, 0));
  for (int o = 0, n = 0; o < count; o += n) {
    n = block(count - o);
    for (int k = 0; k < taps; ++k)
      if (!to.skips(n * int{sizeof(T)}))
        for (int i = o; i < o + n; ++i) to.put(i < count ? weight(i, k) : T{});
  }
}
// What `Channels` say of the outputs, then the weights: of a convolution; of a Dense layer that
// reads by rows, row by row of its input.
template <class Channels>
constexpr void pack_conv(const GraphView& g, const Value& v, const Parameters& p, Writer& to,
                         BlockOf block = block_of) {
  Channels::pack(g, v, p, to);
  const FilterLayout layout = v.weights;
  const auto* const weights = Channels::weights(p);
  pack_blocks(
      layout.outputs, layout.taps, to, [&](int o, int k) { return weights[layout.index(o, k)]; },
      block);
}
template <class Channels>
constexpr void pack_rows(const GraphView& g, const Value& v, const Parameters& p, Writer& to,
                         BlockOf block = block_of) {
  Channels::pack(g, v, p, to);
  const Shape in = g.input(v).shape;
  for (const auto* row = Channels::weights(p); row != Channels::weights(p) + in.size();
       row += in.row())
    pack_blocks(
        v.shape.channels, in.row(), to, [&](int o, int k) { return row[o * in.size() + k]; },
        block);
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

using Window = RealWindow;

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
