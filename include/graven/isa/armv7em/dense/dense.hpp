// One output pixel: Dense, and convolutions that leave a single column. Four outputs share each
// load of the inputs, which are read as bytes: an input that lies in one piece needs no patch.
#pragma once

#if defined(__ARM_FEATURE_SIMD32) && defined(__thumb2__)

#include "graven/isa/armv7em/dense/sums.hpp"
#include "graven/kernel/prefer.hpp"
#include "graven/layers/conv2d.hpp"
#include "graven/layers/dense.hpp"

namespace graven::core::armv7em_isa {

// Four outputs' weights of inputs [from, from + count).
constexpr void put_four(Writer& to, const FilterLayout& layout, const Parameters& p, int o,
                        int from, int count) {
  auto taps = [&](int output) { return Taps(layout, p, output).part(from, count); };
  const Taps four[]{taps(o), taps(o + 1), taps(o + 2), taps(o + 3)};
  put_pairs<2>(to, four, count);
}
constexpr void put_two(Writer& to, const FilterLayout& layout, const Parameters& p, int o, int from,
                       int count) {
  const Taps two[]{Taps(layout, p, o).part(from, count), Taps(layout, p, o + 1).part(from, count)};
  put_pairs<1>(to, two, count);
}
constexpr void put_single(Writer& to, const FilterLayout& layout, const Parameters& p, int o,
                          int from, int count) {
  const Taps taps = Taps(layout, p, o).part(from, count);
  for (int k = to.skips(round4(count)) ? round4(count) : 0; k < round4(count); ++k)
    to.put(static_cast<std::int8_t>(taps[k]));
}

// Packing chooses: fours, then two and the last one, or each of them alone. Stream: per four or two
// outputs words, multipliers, weights; per single output record, weights. Without `together`, each
// alone.
template <class Patches, bool together = true> struct Dense {
  enum Program { fours, singles };
  static constexpr int programs = 2;
  static constexpr bool holds_weights = true;

  // Without a window to gather, the input is the row itself.
  static constexpr bool in_place(const GraphView& g, const Value& v) {
    return v.filter.area() == 1 && v.left == 0 && g.top(v) == 0;
  }
  static constexpr int scratch(const GraphView& g, const Value& v) {
    return std::is_void_v<Patches> ? 0 : round4(g.window_size(v));
  }
  static constexpr int stream_size(const GraphView& g, const Value& v) {
    return v.shape.channels * (Record::bytes + round4(g.window_size(v)));
  }
  static constexpr void pack(const GraphView& g, const Value& v, const Parameters& p, Writer& to) {
    const FilterLayout layout = v.weights;
    to.program = together && fits_pairs(g, v, p) ? fours : singles;
    int o = 0;
    for (; to.program == fours && o + 3 < v.shape.channels; o += 4) {
      if (to.skips(32 + 4 * round4(layout.taps))) continue;
      Channel channels[4]{};
      for (int i = 0; i < 4; ++i) channels[i] = fold(g, v, p, o + i);
      for (const Channel& c : channels) to.put(FastChannel::word(c));
      for (const Channel& c : channels) to.put(c.multiplier.multiplier);
      put_four(to, layout, p, o, 0, layout.taps);
    }
    for (; to.program == fours && o + 1 < v.shape.channels; o += 2) {
      const Channel low = fold(g, v, p, o), high = fold(g, v, p, o + 1);
      to.put(FastChannel::word(low));
      to.put(FastChannel::word(high));
      to.put(low.multiplier.multiplier);
      to.put(high.multiplier.multiplier);
      put_two(to, layout, p, o, 0, layout.taps);
    }
    for (; o < v.shape.channels; ++o) {
      if (to.skips(Record::bytes + round4(layout.taps))) continue;
      Record::put(to, fold(g, v, p, o));
      put_single(to, layout, p, o, 0, layout.taps);
    }
  }

  static void finish_pair(std::byte* out, std::int32_t high, std::int32_t low, std::int32_t word,
                          std::int32_t m0, std::int32_t m1, std::int32_t twice_zero) {
    const std::int32_t second = high - low;  // 256 * sum + (e - 1)
    out[0] = requantize_fast(low, m0, word, shift_left(twice_zero, word));
    out[1] = requantize_fast(second >> 8, m1, second, shift_left(twice_zero, second));
  }

  [[gnu::always_inline]] static const std::byte* input_of(const Task& t, const Band& band) {
    if constexpr (std::is_void_v<Patches>) {
      return band.rows[0];
    } else {
      Patches::patch(t, band, band.scratch, 0);
      return band.scratch;
    }
  }

  [[gnu::always_inline]] static void run_pair(const Inputs& in, const std::byte* stream,
                                              std::byte* out, std::int32_t twice_zero) {
    const auto word = load_aligned<std::int32_t>(stream);
    PairSums s{0, word >> 8};
    s.high = load_aligned<std::int32_t>(stream + 4) + s.low;
    in.add(s, stream + 16);
    finish_pair(out, s.high, s.low, word, load_aligned<std::int32_t>(stream + 8),
                load_aligned<std::int32_t>(stream + 12), twice_zero);
  }

  template <int program>
  GRAVEN_OPTIMIZE("no-schedule-insns")
  static void run(const Task& task, const Band& band) {
    const Task t = task;
    const int count = t.rows * t.filter_width * t.in_channels;
    const Inputs in(input_of(t, band), count);
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
    if (program == fours && o + 1 < t.out_channels) {
      run_pair(in, stream, band.out[0] + o, twice_zero);
      stream += 16 + 2 * round4(count);
      o += 2;
    }
    for (; o < t.out_channels; ++o, stream += Record::bytes + round4(count))
      band.out[0][o] = Record::finish(
          stream, in.single(stream + Record::bytes, load_aligned<std::int32_t>(stream)), t);
  }
};

// Dense over several rows as running sums in scratch. Stream: a record per output; then, row by
// row, the weights of four outputs at a time, of two, and of the last one, or of each alone; that
// always without `together`, in half the code.
template <bool together> struct RunningDense {
  static constexpr const char* name = "armv7em.dense";
  static constexpr bool serves(const GraphView& g, int value) {
    return makes<std::int8_t>(g, value, op::dense);
  }
  enum Program { fours, singles };
  static constexpr int programs = 2;
  static constexpr bool holds_weights = true;

  static constexpr int scratch(const GraphView&, const Value& v) { return 4 * v.shape.channels; }
  static constexpr int stream_size(const GraphView& g, const Value& v) {
    const Shape in = g.input(v).shape;
    return v.shape.channels * (Record::bytes + in.height * round4(in.row()));
  }
  // Does some row of an odd output not fit with that of the output before?
  static constexpr int note(const GraphView& g, const Value& v, const Parameters& p, int o) {
    const Shape in = g.input(v).shape;
    for (int r = 0, row = in.row(); r < in.height && o % 2 == 1; ++r)
      if (!fits_pair(Taps(v.weights, p, o - 1).part(r * row, row),
                     Taps(v.weights, p, o).part(r * row, row), 0))
        return 1;
    return 0;
  }
  static constexpr void pack(const GraphView& g, const Value& v, const Parameters& p, Writer& to) {
    const FilterLayout layout = v.weights;
    const Shape in = g.input(v).shape;
    const int channels = v.shape.channels, row = in.row();
    to.program = together ? fours : singles;
    for (int o = 0; o < channels; ++o) {
      const Channel channel = fold(g, v, p, o);
      Record::put(to, channel);
      if (channel.note != 0) to.program = singles;
    }
    for (int r = 0; r < in.height; ++r) {
      int o = 0;
      if (to.program == fours) {
        for (; o + 3 < channels; o += 4) put_four(to, layout, p, o, r * row, row);
        for (; o + 1 < channels; o += 2) put_two(to, layout, p, o, r * row, row);
      }
      for (; o < channels; ++o) put_single(to, layout, p, o, r * row, row);
    }
  }

  static void add(std::byte*& sum, std::int32_t x) {
    store_aligned(sum, load_aligned<std::int32_t>(sum) + x);
    sum += 4;
  }
  static void add_pair(std::byte*& sum, std::int32_t high, std::int32_t low) {
    add(sum, low);
    add(sum, (high - low) >> 8);
  }
  template <int program> static void add_row(const Task& t, const Band& band) {
    const int count = t.in_width * t.in_channels, bytes = round4(count);
    const Inputs in(band.rows[0], count);
    const std::byte* w = t.stream + t.out_channels * (Record::bytes + band.step * bytes);
    std::byte* sum = band.scratch;
    int left = t.out_channels;
    if constexpr (program == fours) {
      for (; left > 3; left -= 4, w += 4 * bytes) {
        FourSums s{0, 0, 0, 0};
        in.add(s, w);
        add_pair(sum, s.high_a, s.low_a);
        add_pair(sum, s.high_b, s.low_b);
      }
      if (left > 1) {
        PairSums s{0, 0};
        in.add(s, w);
        add_pair(sum, s.high, s.low);
        w += 2 * bytes;
        left -= 2;
      }
    }
    for (; left > 0; --left, w += bytes) add(sum, in.single(w, 0));
  }
  template <int program> static void run(const Task& task, const Band& band) {
    const Task t = task;
    const std::byte* record = t.stream;
    std::byte* sum = band.scratch;
    std::byte* const end = sum + 4 * t.out_channels;
    if (band.first)
      for (; sum != end; sum += 4, record += Record::bytes)
        store_aligned(sum, load_aligned<std::int32_t>(record));
    add_row<program>(t, band);
    if (!band.last) return;
    std::byte* out = band.out[0];
    record = t.stream;
    for (sum = band.scratch; sum != end; sum += 4, record += Record::bytes)
      *out++ = Record::finish(record, load_aligned<std::int32_t>(sum), t);
  }
};

using DenseRows = RunningDense<true>;

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
