// Means of all pixels, four channels at a time. Where they are no multiple of four, the last word
// takes back channels of the one before: it reads nothing else, and writes the same again.
#pragma once

#if defined(__ARM_FEATURE_SIMD32) && defined(__thumb2__)

#include "graven/isa/armv7em/pool/rules.hpp"
#include "graven/isa/scalar/reduce.hpp"

namespace graven::core::armv7em_isa {

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
  static int word_at(int c, int channels) { return c > channels - 4 ? channels - 4 : c; }

  static void finish(const Task& t, const std::byte* sums, std::byte* out) {
    const int count = t.in_height * t.in_width;
    for (int c = 0; c < t.in_channels; c += 4, sums += 8)
      load_sums(sums).each([&, at = out + word_at(c, t.in_channels)](int i, std::int32_t sum) {
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
    const bool mean = scalar_isa::is_total(v) && v.options.get<ReduceOptions>().axes ==
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
