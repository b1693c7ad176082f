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

// The mean, or the sum, of each channel of more pixels than halfwords can add: those of a row do,
// and are added to words. Scratch: per four channels their sums.
template <int width> struct LargeMean : scalar_isa::Mean<std::int8_t, std::int32_t> {
  static constexpr int scratch(const GraphView&, const Value& v) {
    return (v.shape.channels + 3) / 4 * 16;
  }
  static void add_row(const std::byte* x, int channels, std::byte* sums, bool first) {
    ChannelSums row;
#pragma GCC unroll 4
    for (int left = width; left > 0; --left, x += channels) row.add(load<std::uint32_t>(x));
    row.each([&](int i, std::int32_t sum) {
      store_aligned(sums + 4 * i, sum + (first ? 0 : load_aligned<std::int32_t>(sums + 4 * i)));
    });
  }
  static void run(const Task& task, const Band& band) {
    const Task t = task;
    const int channels = t.in_channels;
    for (int c = 0; c < channels; c += 4) {
      const int from = c > channels - 4 ? channels - 4 : c;
      std::byte* const sums = band.scratch + 4 * c;
      add_row(band.rows[0] + from, channels, sums, band.first);
      for (int i = 0; band.last && i < 4; ++i)
        finish(t, band.out[0] + from + i, load_aligned<std::int32_t>(sums + 4 * i));
    }
  }
};

// Means over height and width of elements whose sums fit halfwords, of means at least in a row.
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
    // Sums of a row in registers, which go to memory after it: not worth it for two pixels.
    const bool fits = is_large(in) ? mean && in.width >= 3 && in.width <= 255 : pool || mean;
    return fits && in.channels >= 4;
  }
  static constexpr bool is_large(Shape in) { return in.height * in.width > 255; }

  template <const auto& graph, int value> static constexpr auto kernel() {
    using Averages = Prefer<scalar_isa::Pools, scalar_isa::Means<std::int8_t>>;
    using Scalar = decltype(Averages::kernel<graph, value>());
    constexpr Shape in = graph.views[graph.values[value].first_input].shape;
    if constexpr (is_large(in))
      return LargeMean<in.width>{};
    else
      return GlobalAverage<Scalar, (in.width <= 8 ? in.width : 0)>{};
  }
};

}  // namespace graven::core::armv7em_isa

#endif
