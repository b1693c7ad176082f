// Depthwise convolution of any window, a vector of outputs at a time along the flattened row (pixel
// by pixel, channel by channel), so that few channels fill a vector as well as many.
//
// Input rows are copied to scratch with their padding, the columns apart by their remainder modulo
// the stride: then a tap of output i is the byte i behind the tap's own offset. `Taps` multiplies
// groups of taps. The channels of vector v repeat after a `period` of vectors. Where that makes a
// long stream for nothing (191 channels repeat after 191 vectors), each pixel begins a vector of
// its own: then the period is a pixel's.
//
// Stream: int32 filter rows, row stride, groups, step; per tap an int32 offset; from the next
// multiple of the header on, per vector of the period its channel tables and the groups' weights.
#pragma once

#if defined(__AVX2__)

#include "graven/isa/avx2/lanes.hpp"
#include "graven/isa/avx2/windows.hpp"

#include <numeric>

namespace graven::core::avx2_isa {

// The copies of input rows, for a Value at compile time and a Task at run time.
struct Columns {
  int stride, span, left, in_width, out_width, channels;

  static constexpr Columns of(const GraphView& g, const Value& v) {
    return {v.stride.width, (v.filter.width - 1) * v.dilation.width + 1,
            v.left,         g.input(v).shape.width,
            v.shape.width,  v.shape.channels};
  }
  static constexpr Columns of(const Task& t) {
    return {t.stride_width, (t.filter_width - 1) * t.dilation_width + 1,
            t.left,         t.in_width,
            t.out_width,    t.out_channels};
  }
  constexpr int phases() const { return stride < span ? stride : span; }
  constexpr int columns() const { return out_width + (span - 1) / stride; }  // of a phase
  constexpr int phase_bytes() const { return columns() * channels; }
  constexpr int row_bytes() const { return phases() * phase_bytes(); }
  constexpr int offset(int row, int column) const {
    return row * row_bytes() + column % stride * phase_bytes() + column / stride * channels;
  }
};

inline void fill_zero_points(std::byte* to, int zero, int count) {
  const __m128i x = _mm_set1_epi8(static_cast<char>(zero));
  for (int i = 0; i < count; i += 16) store16(to + i, x);
}
// `count` pixels of `bytes` each, `step` bytes apart; may write 15 bytes beyond, but reads none.
inline void copy_pixels(std::byte* to, const std::byte* from, int bytes, int step, int count) {
  if (bytes == 4) {
    for (; count > 0; --count, to += 4, from += step) store(to, load<std::uint32_t>(from));
  } else if (bytes == 8) {
    for (; count > 0; --count, to += 8, from += step) store8(to, load8(from));
  } else {
    for (; count > 0; --count, to += bytes, from += step) {
      int i = 0;
      for (; i + 16 <= bytes; i += 16) store16(to + i, load16(from + i));
      if (i < bytes) store16(to + i, load_part(from + i, bytes - i));
    }
  }
}
// The same, each channel `times` times.
inline void repeat_channels(std::byte* to, const std::byte* from, int channels, int times, int step,
                            int count) {
  for (; count > 0; --count, from += step)
    for (int c = 0; c < channels; ++c)
      for (int i = 0; i < times; ++i) *to++ = from[c];
}

inline void copy_row(const Task& t, const Columns& columns, const std::byte* row, std::byte* to) {
  const int total = columns.columns(), channels = t.in_channels, times = t.out_channels / channels;
  for (int phase = 0; phase < columns.phases(); ++phase) {
    const int first = phase - columns.left;
    int before = first < 0 ? (-first + columns.stride - 1) / columns.stride : 0;
    if (before > total) before = total;
    const int column = first + before * columns.stride;
    int inside = column < columns.in_width
                     ? (columns.in_width - column + columns.stride - 1) / columns.stride
                     : 0;
    if (inside > total - before) inside = total - before;
    if (before > 0) fill_zero_points(to, t.in_zero, before * t.out_channels);
    to += before * t.out_channels;
    const std::byte* from = row + column * channels;
    if (times > 1)
      repeat_channels(to, from, channels, times, columns.stride * channels, inside);
    else if (columns.stride > 1)
      copy_pixels(to, from, channels, columns.stride * channels, inside);
    else if (inside > 0)
      copy_pixels(to, from, channels * inside, 0, 1);
    to += inside * t.out_channels;
    const int after = total - before - inside;
    if (after > 0) fill_zero_points(to, t.in_zero, after * t.out_channels);
    to += after * t.out_channels;
  }
}

// 16 outputs in two vectors of sums; taps as int16 in pairs (VPMADDWD).
struct TapPairs : Words {
  static constexpr int vectors = 2, outputs = 16;
  using Weight = std::int16_t;

  [[gnu::always_inline]] static void add(Vector (&acc)[vectors], const std::byte* input,
                                         const std::byte* offsets, const std::byte* weights) {
    const Vector a = widen16(input + load_aligned<std::int32_t>(offsets));
    const Vector b = widen16(input + load_aligned<std::int32_t>(offsets + 4));
    acc[0] = Words::add(acc[0], _mm256_unpacklo_epi16(a, b), load32(weights));
    acc[1] = Words::add(acc[1], _mm256_unpackhi_epi16(a, b), load32(weights + 32));
  }
};

// All vectors of a row with the same channels.
struct DepthwiseRow {
  const std::byte* input;
  const std::byte* offsets;
  const std::byte* block;  // tables and weights
  std::byte* out;
  int bytes, first, step, groups;
  int width;  // outputs of a vector, at most
};
// `count`: groups of taps, 0 for any number.
template <class Taps, int count, int program>
[[gnu::noinline, gnu::flatten]] void depthwise_row(const DepthwiseRow& row, const Limits& limits) {
  constexpr int n = Taps::vectors, table = Taps::Table::bytes;
  constexpr int weights =
      n * Taps::lanes * Taps::group * static_cast<int>(sizeof(typename Taps::Weight));
  using Scale = typename Taps::template Scale<program>;
  const DepthwiseRow r = row;
  const std::byte* first_weights = r.block + n * table;
  for (int i = r.first; i < r.bytes; i += r.step) {
    typename Taps::Vector acc[std::size_t{n}];
    unroll<n>([&](auto j) { acc[j] = Taps::start(r.block + j * table); });
    auto add = [&](int k) {
      Taps::add(acc, r.input + i, r.offsets + 4 * Taps::group * k, first_weights + weights * k);
    };
    if constexpr (count > 0)
      unroll<count>(add);
    else
      for (int k = 0; k < r.groups; ++k) add(k);
    unroll<n>([&](auto j) { acc[j] = Scale(r.block + j * table, limits)(acc[j]); });
    const int left = r.bytes - i;
    Taps::template put<n>(r.out + i, acc, left < r.width ? left : r.width, limits);
  }
}

template <class Taps, int height> struct Depthwise {
  static constexpr int programs = avx2_isa::programs;
  static constexpr bool holds_weights = true;
  static constexpr int outputs = Taps::outputs, group = Taps::group;
  using Table = typename Taps::Table;
  using Weight = typename Taps::Weight;

  static constexpr int groups(const Value& v) { return (v.filter.area() + group - 1) / group; }
  static constexpr int first_cache = 1 << 15;
  static constexpr bool by_pixel(const Value& v) {
    const int channels = v.shape.channels, vectors = (channels + outputs - 1) / outputs;
    const int repeats = channels / std::gcd(channels, outputs), made = vectors * outputs;
    const bool leaves_cache = repeats * std::int64_t{block(groups(v))} > first_cache;
    return repeats > 2 * vectors && made <= (leaves_cache ? 2 * channels : channels + channels / 4);
  }
  // Outputs from a vector to the next with the same channels.
  static constexpr int step(const Value& v) {
    return by_pixel(v) ? v.shape.channels : std::lcm(v.shape.channels, outputs);
  }
  static constexpr int period(int step) { return (step + outputs - 1) / outputs; }
  static constexpr int header(int groups) {
    return (16 + 4 * group * groups + Taps::header - 1) / Taps::header * Taps::header;
  }
  static constexpr int block(int groups) {
    return Taps::vectors * Table::bytes +
           outputs * group * groups * static_cast<int>(sizeof(Weight));
  }
  static constexpr int stream_size(const GraphView&, const Value& v) {
    return header(groups(v)) + period(step(v)) * block(groups(v));
  }
  static constexpr int scratch(const GraphView& g, const Value& v) {
    const int rows = v.filter.height + (height - 1) * v.stride.height;
    return rows * Columns::of(g, v).row_bytes() + Taps::slack;
  }

  static constexpr void pack_offsets(const GraphView& g, const Value& v, Writer to) {
    const Columns columns = Columns::of(g, v);
    to.put<std::int32_t>(v.filter.height);
    to.put<std::int32_t>(v.stride.height);
    to.put<std::int32_t>(groups(v));
    to.put<std::int32_t>(step(v));
    for (int tap = 0; tap < group * groups(v); ++tap) {
      const int k = tap < v.filter.area() ? tap : 0;
      to.put<std::int32_t>(
          columns.offset(k / v.filter.width, k % v.filter.width * v.dilation.width));
    }
  }
  // One channel of one block, which begins at `to`.
  static constexpr void pack_channel(const GraphView& g, const Value& v, const Parameters& p,
                                     const Writer& to, int j, int lane, int first, int program) {
    const int channels = v.shape.channels, area = v.filter.area();
    const int o = (first + Taps::channel(Taps::vectors, j, lane)) % channels;
    Table::put(to.ahead(j * Table::bytes), lane, g, v, p, o, program);
    const Writer weights = to.ahead(Taps::vectors * Table::bytes);
    for (int tap = 0; tap < group * groups(v); ++tap) {
      const int at = ((tap / group * Taps::vectors + j) * Taps::lanes + lane) * group + tap % group;
      weights.ahead(at * static_cast<int>(sizeof(Weight)))
          .put(static_cast<Weight>(tap < area ? p.filter.int8[tap * channels + o] : 0));
    }
  }
  static constexpr void pack(const GraphView& g, const Value& v, const Parameters& p, Writer& to) {
    Table::choose(g, v, p, to);
    pack_offsets(g, v, to);
    to.at += header(groups(v));
    const int size = block(groups(v));
    for (int i = 0; i < period(step(v)); ++i, to.at += size) {
      if (to.at >= to.until || to.at + size <= to.from) continue;
      for (int j = 0; j < Taps::vectors; ++j)
        for (int lane = 0; lane < Taps::lanes; ++lane)
          pack_channel(g, v, p, to, j, lane, i * outputs, to.program);
    }
  }

  template <int program> static void run(const Task& task, const Band& band) {
    constexpr int nine = (9 + group - 1) / group;  // taps of a 3x3 filter
    const Task t = task;
    const Columns columns = Columns::of(t);
    const FilterRows rows{load_aligned<std::int32_t>(t.stream),
                          load_aligned<std::int32_t>(t.stream + 4)};
    const int groups = load_aligned<std::int32_t>(t.stream + 8);
    const int step = load_aligned<std::int32_t>(t.stream + 12);
    const int row_bytes = columns.row_bytes();
    std::byte* to = band.scratch;
    for (int i = 0; i < (band.count - 1) * rows.stride + rows.count; ++i, to += row_bytes) {
      if (!rows.read(i, band.count)) continue;
      if (band.rows[i] != nullptr)
        copy_row(t, columns, band.rows[i], to);
      else
        fill_zero_points(to, t.in_zero, row_bytes);
    }
    const Limits limits{t.out_zero, t.low, t.high};
    const std::byte* block_at = t.stream + header(groups);
    for (int i = 0; i < period(step); ++i, block_at += block(groups)) {
      const int width = step - outputs * i < outputs ? step - outputs * i : outputs;
      for (int r = 0; r < band.count; ++r) {
        const DepthwiseRow row{band.scratch + r * rows.stride * row_bytes,
                               t.stream + 16,
                               block_at,
                               band.out[r],
                               t.out_width * t.out_channels,
                               outputs * i,
                               step,
                               groups,
                               width};
        if (groups == nine)
          depthwise_row<Taps, nine, program>(row, limits);
        else
          depthwise_row<Taps, 0, program>(row, limits);
      }
    }
  }
};

template <class Taps> struct Depthwises {
  static constexpr const char* name = Taps::depthwise;
  static constexpr bool serves(const GraphView& g, int value) {
    return makes<std::int8_t>(g, value, op::depthwise);
  }
  template <const auto& graph, int value> static constexpr auto kernel() {
    return Depthwise<Taps, band_of(graph.view(), value)>{};
  }
};

}  // namespace graven::core::avx2_isa

#endif
