// Depthwise convolutions of int16 with int8 weights: four channels at a time, sums of 32 bits.
#pragma once

#if defined(__ARM_FEATURE_SIMD32) && defined(__thumb2__)

#include "graven/isa/armv7em/dense/words.hpp"

namespace graven::core::armv7em_isa {

// Stream, per four channels: int32 bias and factor of each; per tap a word of weights w0, w2, w1,
// w3. Of channels that are no multiple of four the last ones are computed twice.
template <int channels, Extent filter> struct WordDepthwise : scalar_isa::Depthwise<Int16x8> {
  using General = scalar_isa::Depthwise<Int16x8>;
  static constexpr int programs = 2, record = 8;
  static constexpr int group = 4 * record + 4 * filter.area();

  static constexpr int first_of(int k) { return least(4 * k, channels - 4); }
  static constexpr int stream_size(const GraphView& g, const Value& v) {
    const int general = General::stream_size(g, v), mine = (channels + 3) / 4 * group;
    return general > mine ? general : mine;
  }
  static constexpr void pack(const GraphView& g, const Value& v, const Parameters& p, Writer& to) {
    if (!fits_words(g, v, p)) return General::pack(g, v, p, to);
    to.program = 1;
    for (int k = 0; k < (channels + 3) / 4; ++k) {
      if (to.skips(group)) continue;
      for (int i = 0; i < 4; ++i) {
        const WordChannel c(g, v, p, first_of(k) + i);
        to.put(c.bias);
        to.put(c.factor);
      }
      for (int tap = 0; tap < filter.area(); ++tap)
        for (const int i : {0, 2, 1, 3})
          to.put(p.filter.int8[v.weights.index(first_of(k) + i, tap)]);
    }
  }

  struct Sums {
    std::int32_t a, b, c, d;

    [[gnu::always_inline]] void add(const std::byte* x, const std::byte* weights) {
      const auto w = load_aligned<std::uint32_t>(weights);
      const auto low = load<std::uint32_t>(x), high = load<std::uint32_t>(x + 4);
      const std::uint32_t first = even_bytes(w), last = odd_bytes(w);
      a = smlabb(low, first, a);
      b = smlatt(low, first, b);
      c = smlabb(high, last, c);
      d = smlatt(high, last, d);
    }
  };
  // All channels of a pixel; `window.w`: its first tap inside. `whole`: all columns are inside.
  template <bool whole>
  static void run_window(const Task& t, const General::Inside& window, std::byte* to) {
    const int x_step = 2 * channels * t.dilation_width, taps = whole ? filter.width : window.taps;
    const Clamp range{t.low, t.high};
    const auto first_tap = static_cast<int>(window.w - t.stream);
    const std::byte* stream = t.stream;
    for (int k = 0; k < (channels + 3) / 4; ++k, stream += group) {
      const int at = 2 * first_of(k);
      Sums s{load_aligned<std::int32_t>(stream), load_aligned<std::int32_t>(stream + record),
             load_aligned<std::int32_t>(stream + 2 * record),
             load_aligned<std::int32_t>(stream + 3 * record)};
      const std::byte* w = stream + 4 * record + 4 * first_tap;
      for (int row = 0; row < window.row_count; ++row, w += 4 * filter.width) {
        const std::byte* x = window.rows[row] + window.offset + at;
        if constexpr (whole && filter.width <= 5) {
#pragma GCC unroll 5
          for (int i = 0; i < filter.width; ++i, x += x_step) s.add(x, w + 4 * i);
        } else {
          for (int i = 0; i < taps; ++i, x += x_step) s.add(x, w + 4 * i);
        }
      }
      auto put = [&](int i, std::int32_t sum) {
        const auto factor = load_aligned<std::int32_t>(stream + i * record + 4);
        store(to + at + 2 * i, static_cast<std::int16_t>(clamp(smmulr(sum, factor), range)));
      };
      put(0, s.a);
      put(1, s.b);
      put(2, s.c);
      put(3, s.d);
    }
  }
  template <int program> static void run(const Task& task, const Band& band) {
    if constexpr (program == 0) {
      General::run(task, band);
    } else {
      const Task t = task;
      int top = 0, bottom = t.rows;
      while (top < bottom && band.rows[top] == nullptr) ++top;
      while (bottom > top && band.rows[bottom - 1] == nullptr) --bottom;
      std::byte* out = band.out[0];
      int first = -t.left;
      for (int x = 0; x < t.out_width; ++x, out += 2 * channels, first += t.stride_width) {
        const int apart = t.dilation_width;
        const int before = first < 0 ? (-first + apart - 1) / apart : 0;
        const int until = least((t.in_width - first + apart - 1) / apart, filter.width);
        const General::Inside window{band.rows + top, bottom - top, until - before,
                                     (first + before * apart) * 2 * channels,
                                     t.stream + top * filter.width + before};
        if (window.taps == filter.width)
          run_window<true>(t, window, out);
        else
          run_window<false>(t, window, out);
      }
    }
  }
};

struct WordDepthwises {
  static constexpr const char* name = "armv7em.int16_depthwise";
  static constexpr bool serves(const GraphView& g, int value) {
    return scalar_isa::computes<Int16x8>(g, value, op::depthwise) && keeps_channels(g, g[value]) &&
           g[value].shape.channels >= 4;
  }
  template <const auto& graph, int value> static constexpr auto kernel() {
    constexpr const Value& v = graph.values[value];
    return WordDepthwise<v.shape.channels, v.filter>{};
  }
};

}  // namespace graven::core::armv7em_isa

#endif
