// One output pixel: Dense, and convolutions that leave a single column. Four outputs share each
// load of the inputs, which are read as bytes: an input that lies in one piece needs no patch.
#pragma once

#if defined(__ARM_FEATURE_SIMD32) && defined(__thumb2__)

#include "graven/isa/armv7em/dense/sums.hpp"
#include "graven/kernel/prefer.hpp"
#include "graven/layers/conv2d.hpp"

namespace graven::core::armv7em_isa {

// Packing chooses: fours (the last outputs alone), or all of them alone.
// Stream: per four outputs words, weights, multipliers; per single output record, weights.
template <class Patches> struct Dense {
  enum Program { fours, singles };
  static constexpr int programs = 2;
  static constexpr bool holds_weights = true;

  static constexpr int taps(const GraphView& g, const Value& v) {
    return v.filter.area() * g.input(v).shape.channels;
  }
  // Without a window to gather, the input is the row itself.
  static constexpr bool in_place(const GraphView& g, const Value& v) {
    return v.filter.area() == 1 && v.left == 0 && g.top(v) == 0 && g.input(v).shape.width > 0;
  }
  static constexpr int scratch(const GraphView& g, const Value& v) {
    return in_place(g, v) ? 0 : round4(taps(g, v));
  }
  static constexpr int stream_size(const GraphView& g, const Value& v) {
    return v.shape.channels * (Record::bytes + round4(taps(g, v)));
  }
  static constexpr bool fits(const GraphView& g, const Value& v, const Parameters& p) {
    if (!whole_range(v)) return false;
    const FilterLayout layout = v.weights;
    for (int o = 0; o + 1 < v.shape.channels; o += 2) {
      const Channel low = fold(g, v, p, o), high = fold(g, v, p, o + 1);
      if (!FastChannel::serves(low) || !FastChannel::serves(high) ||
          !fits_pair(Taps(layout, p, o), Taps(layout, p, o + 1), high.bias))
        return false;
    }
    return true;
  }
  static constexpr void pack(const GraphView& g, const Value& v, const Parameters& p, Writer& to) {
    const FilterLayout layout = v.weights;
    to.program = fits(g, v, p) ? fours : singles;
    int o = 0;
    for (; to.program == fours && o + 3 < v.shape.channels; o += 4) {
      Channel channels[4]{};
      for (int i = 0; i < 4; ++i) channels[i] = fold(g, v, p, o + i);
      for (const Channel& c : channels) to.put(FastChannel::word(c));
      for (const Channel& c : channels) to.put(c.multiplier.multiplier);
      put_four(to, layout, p, o, 0, layout.taps);
    }
    for (; o < v.shape.channels; ++o) {
      const Channel channel = fold(g, v, p, o);
      if (channel.overflows && to.overflowing_channel < 0) to.overflowing_channel = o;
      Record::put(to, channel);
      put_single(to, layout, p, o, 0, layout.taps);
    }
  }

  static void finish_pair(std::byte* out, std::int32_t high, std::int32_t low, std::int32_t word,
                          std::int32_t m0, std::int32_t m1, std::int32_t twice_zero) {
    const std::int32_t second = high - low;  // 256 * sum + (e - 1)
    out[0] = requantize_fast(low, m0, word, shift_left(twice_zero, word));
    out[1] = requantize_fast(second >> 8, m1, second, shift_left(twice_zero, second));
  }

  template <int program>
  GRAVEN_OPTIMIZE("no-schedule-insns")
  static void run(const Task& task, const Band& band) {
    const Task t = task;
    const int count = t.rows * t.filter_width * t.in_channels;
    const std::byte* patch = band.rows[0];
    if constexpr (!std::is_void_v<Patches>) {
      patch = band.scratch;
      Patches::patch(t, band, band.scratch, 0);
    }
    const Inputs in(patch, count);
    const int twice_zero = 2 * t.out_zero + 1;
    const std::byte* stream = t.stream;
    int o = 0;
    if constexpr (program == fours)
      for (; o + 3 < t.out_channels; o += 4) {
        const auto word_a = load_aligned<std::int32_t>(stream);
        const auto word_b = load_aligned<std::int32_t>(stream + 8);
        FourSums s{0, word_a >> 8, 0, word_b >> 8};
        s.high_a = load_aligned<std::int32_t>(stream + 4) + s.low_a;
        s.high_b = load_aligned<std::int32_t>(stream + 12) + s.low_b;
        in.add(s, stream + 32);
        finish_pair(band.out[0] + o, s.high_a, s.low_a, load_aligned<std::int32_t>(stream),
                    load_aligned<std::int32_t>(stream + 16),
                    load_aligned<std::int32_t>(stream + 20), twice_zero);
        finish_pair(band.out[0] + o + 2, s.high_b, s.low_b, load_aligned<std::int32_t>(stream + 8),
                    load_aligned<std::int32_t>(stream + 24),
                    load_aligned<std::int32_t>(stream + 28), twice_zero);
        stream += 32 + 4 * round4(count);
      }
    for (; o < t.out_channels; ++o, stream += Record::bytes + round4(count))
      band.out[0][o] = Record::finish(
          stream, in.single(stream + Record::bytes, load_aligned<std::int32_t>(stream)), t);
  }
};

// Convolutions to rows of one pixel.
struct SinglePixels {
  static constexpr const char* name = "armv7em.pixel";
  static constexpr bool serves(const GraphView& g, int value) {
    return makes<std::int8_t>(g, value, op::conv) && g[value].shape.width == 1;
  }
  template <const auto& graph, int value> static constexpr auto kernel() {
    constexpr const Value& v = graph.values[value];
    return Dense<Bytes<v.filter.width * graph.views[v.first_input].shape.channels>>{};
  }
};

}  // namespace graven::core::armv7em_isa

#endif
