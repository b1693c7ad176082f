// Dense over several rows, which are consumed as they come.
#pragma once

#if defined(__ARM_FEATURE_SIMD32) && defined(__thumb2__)

#include "graven/isa/armv7em/dense/sums.hpp"
#include "graven/kernel/prefer.hpp"
#include "graven/layers/dense.hpp"

namespace graven::core::armv7em_isa {

// Dense over several rows as running sums in scratch. Stream: a record per output; then, row by
// row, the weights of four outputs at a time, of two, and of the last one, or of each alone.
struct DenseRows {
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
  static constexpr void pack(const GraphView& g, const Value& v, const Parameters& p, Writer& to) {
    const FilterLayout layout = v.weights;
    const Shape in = g.input(v).shape;
    const int channels = v.shape.channels, row = in.row();
    to.program = fours;
    for (int o = 0; o < channels; ++o) {
      const Channel channel = fold(g, v, p, o);
      if (channel.overflows && to.overflowing_channel < 0) to.overflowing_channel = o;
      Record::put(to, channel);
      for (int r = 0; r < in.height && o % 2 == 1; ++r)
        if (!fits_pair(Taps(layout, p, o - 1).part(r * row, row),
                       Taps(layout, p, o).part(r * row, row), 0))
          to.program = singles;
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

}  // namespace graven::core::armv7em_isa

#endif
