// Pools on four channels at a time. Where they are no multiple of four, the last word takes back
// channels of the one before: it reads nothing else, and writes the same again.
#pragma once

#if defined(__ARM_FEATURE_SIMD32) && defined(__thumb2__)

#include "graven/isa/armv7em/dsp.hpp"
#include "graven/isa/shared/small_windows.hpp"

namespace graven::core::armv7em_isa {

// Four sums of bytes, in halfwords.
struct ChannelSums {
  std::uint32_t even = 0, odd = 0;

  void add(std::uint32_t four) {
    even = add_even(even, four);
    odd = add_odd(odd, four);
  }
  template <class Put> void each(Put put) const {
    put(0, static_cast<std::int16_t>(even));
    put(1, static_cast<std::int16_t>(odd));
    put(2, static_cast<std::int32_t>(even) >> 16);
    put(3, static_cast<std::int32_t>(odd) >> 16);
  }
};

// The rules of SmallWindows.
struct FourLargest {
  using Word = std::uint32_t;
  static std::uint32_t start(std::uint32_t x) { return x; }
  static std::uint32_t add(std::uint32_t acc, std::uint32_t x) { return larger(x, acc); }
  static void finish(std::byte* out, const Task&, std::uint32_t acc, int) { store(out, acc); }
};
template <bool clamps> struct FourAverages {
  using Word = std::uint32_t;
  static ChannelSums start(std::uint32_t x) { return {even_bytes(x), odd_bytes(x)}; }
  static ChannelSums add(ChannelSums acc, std::uint32_t x) {
    acc.add(x);
    return acc;
  }
  static void finish(std::byte* out, const Task& t, const ChannelSums& acc, int count) {
    acc.each([&](int i, std::int32_t sum) { OneAverage<clamps>::finish(out + i, t, sum, count); });
  }
};

// Maxima of windows whose words fit, and which nothing clamps.
constexpr bool takes_largest(const GraphView& g, int value) {
  const Value& v = g[value];
  return makes<std::int8_t>(g, value, op::max_pool) && !v.reduces && v.shape.channels >= 4 &&
         !is_clamped(v);
}

// Windows of any size.
struct MaxPool : PlainKernel {
  static constexpr const char* name = "armv7em.max_pool";
  static constexpr bool serves(const GraphView& g, int value) { return takes_largest(g, value); }
  static void run(const Task& task, const Band& band) {
    const Task t = task;
    const int channels = t.in_channels;
    std::byte* out = band.out[0];
    for (int x = 0; x < t.out_width; ++x, out += channels) {
      int from = x * t.stride_width - t.left, to = from + t.filter_width;
      if (from < 0) from = 0;
      if (to > t.in_width) to = t.in_width;
      for (int c = 0; c < channels; c += 4) {
        if (c > channels - 4) c = channels - 4;
        std::uint32_t most = 0x80808080u;
        for (int ky = 0; ky < t.rows; ++ky) {
          const std::byte* at = band.rows[ky];
          if (at == nullptr) continue;
          at += from * channels + c;
          for (int left = to - from; left > 0; --left, at += channels)
            most = larger(load<std::uint32_t>(at), most);
        }
        store(out + c, most);
      }
    }
  }
};

struct SmallMaxPools {
  static constexpr const char* name = "armv7em.small_max_pool";
  static constexpr bool serves(const GraphView& g, int value) {
    return takes_largest(g, value) && is_small_pool(g, value);
  }
  template <const auto& graph, int value> static constexpr auto kernel() {
    return small_windows<graph, value, FourLargest, MaxPool>();
  }
};
struct SmallAveragePools {
  static constexpr const char* name = "armv7em.small_average_pool";
  static constexpr bool serves(const GraphView& g, int value) {
    const Value& v = g[value];
    return v.op == op::average_pool && is_small_pool(g, value) && v.shape.channels >= 4;
  }
  template <const auto& graph, int value> static constexpr auto kernel() {
    constexpr bool clamps = is_clamped(graph.values[value]);
    using General = decltype(scalar_isa::Pools::kernel<graph, value>());
    return small_windows<graph, value, FourAverages<clamps>, General>();
  }
};

// The mean of each channel, row by row. Scratch: per four channels their sums. `Scalar`: an average
// pool, or a mean. `unrolled`: the width of the input, where it is small; else 0.
template <class Scalar, int unrolled> struct GlobalAverage : Scalar {
  static constexpr bool mean = std::is_same_v<Scalar, scalar_isa::Mean<std::int8_t, std::int16_t>>;

  static constexpr int scratch(const GraphView&, const Value& v) {
    return (v.shape.channels + 3) / 4 * 8;
  }
  static ChannelSums load_sums(const std::byte* at) {
    return {load_aligned<std::uint32_t>(at), load_aligned<std::uint32_t>(at + 4)};
  }
  // The first of the four channels after `c` channels.
  static int word(int c, int channels) { return c > channels - 4 ? channels - 4 : c; }

  static void finish(const Task& t, const std::byte* sums, std::byte* out) {
    const int count = t.in_height * t.in_width;
    for (int c = 0; c < t.in_channels; c += 4, sums += 8)
      load_sums(sums).each([&, at = out + word(c, t.in_channels)](int i, std::int32_t sum) {
        if constexpr (mean)
          Scalar::finish(t, at + i, static_cast<std::int16_t>(sum));
        else
          OneAverage<true>::finish(at + i, t, sum, count);
      });
  }
  static void run(const Task& task, const Band& band) {
    const int channels = task.in_channels, width = unrolled > 0 ? unrolled : task.in_width;
    const bool first = band.first;
    const std::byte* from = band.rows[0];
    std::byte* at = band.scratch;
    auto four = [&]() __attribute__((always_inline)) {
      ChannelSums sums = first ? ChannelSums{} : load_sums(at);
      const std::byte* x = from;
#pragma GCC unroll 8
      for (int left = width; left > 0; --left, x += channels) sums.add(load<std::uint32_t>(x));
      store_aligned(at, sums.even);
      store_aligned(at + 4, sums.odd);
      from += 4;
      at += 8;
    };
    const std::byte* const end = from + channels / 4 * 4;
    while (from != end) four();
    if (channels % 4 != 0) {
      from += channels % 4 - 4;
      four();
    }
    if (band.last) finish(Task(task), band.scratch, band.out[0]);
  }
};

// Means over height and width of elements whose sums fit halfwords.
struct GlobalAverages {
  static constexpr const char* name = "armv7em.global_average";
  static constexpr bool serves(const GraphView& g, int value) {
    const Value& v = g[value];
    if (v.element != Element::int8 || !is_uniform(g, v)) return false;
    const Shape in = g.input(v).shape;
    const bool pool = v.op == op::average_pool && v.reduces && v.shape.width == 1 && v.left == 0 &&
                      v.filter.width >= in.width;
    const bool mean = v.op == op::mean && v.options.get<MeanOptions>().axes ==
                                              static_cast<int>(Axis::height | Axis::width);
    return (pool || mean) && in.channels >= 4 && in.height * in.width <= 255;
  }
  template <const auto& graph, int value> static constexpr auto kernel() {
    using Averages = Prefer<scalar_isa::Pools, scalar_isa::Means<std::int8_t>>;
    using Scalar = decltype(Averages::kernel<graph, value>());
    constexpr int width = graph.views[graph.values[value].first_input].shape.width;
    return GlobalAverage<Scalar, (width <= 8 ? width : 0)>{};
  }
};

}  // namespace graven::core::armv7em_isa

#endif
