// Pools of windows, four channels at a time. Where channels are no multiple of four, the last word
// takes back some of the one before: it reads nothing else, and writes the same again.
#pragma once

#if defined(__ARM_FEATURE_SIMD32) && defined(__thumb2__)

#include "graven/isa/armv7em/dsp.hpp"
#include "graven/isa/armv7em/pool/rules.hpp"

namespace graven::core::armv7em_isa {

// What a window covers: rows that exist, and `columns` pixels of each from byte `from` on.
struct Covered {
  const std::byte* const* row;
  const std::byte* const* end;
  int from, columns;

  constexpr int elements(int rows) const { return rows * columns; }
};

// The rows of a step that exist: others lie above or below them.
struct ExistingRows {
  const std::byte* const* row;
  const std::byte* const* end;

  explicit ExistingRows(const Task& t, const Band& band) : row(band.rows), end(row + t.rows) {
    while (*row == nullptr) ++row;
    while (end[-1] == nullptr) --end;
  }
  // The window whose left column is `first`.
  Covered at(const Task& t, int first) const {
    int last = first + t.filter_width;
    if (first < 0) first = 0;
    if (last > t.in_width) last = t.in_width;
    return {row, end, first * t.in_channels, last - first};
  }
  int count() const { return static_cast<int>(end - row); }
};

// Windows of any size. With `reduces` a step is one row of a single row of windows; scratch: what
// is known of each word so far.
template <class Rule, bool reduces> struct AnyPool : PlainKernel {
  using Acc = typename Rule::Acc;
  static constexpr int size = sizeof(Acc);

  static constexpr int scratch(const GraphView&, const Value& v) {
    return reduces ? v.shape.width * ((v.shape.channels + 3) / 4) * size : 0;
  }
  struct State {
    std::byte* sums;
    bool first, last;
  };
  // `words` times four channels from `c` on. `whole`: they are no more than are left.
  template <int words, bool whole>
  [[gnu::always_inline]] static void reduce(const Task& t, const Covered& w, const Rule& rule,
                                            int c, State& state, std::byte* out) {
    const int last = whole ? c + 4 * (words - 1) : t.in_channels - 4;
    Acc acc[std::size_t{words}];
#pragma GCC unroll 4
    for (int i = 0; i < words; ++i)
      acc[i] = reduces && !state.first ? load_acc(state.sums + i * size) : rule.start();
    const std::byte* const* row = w.row;
    do {
      const std::byte* at = *row++ + w.from + c;
      const std::byte* at_last = at + (last - c);
      int left = w.columns;
      do {
#pragma GCC unroll 4
        for (int i = 0; i + 1 < words; ++i) Rule::add(acc[i], load<std::uint32_t>(at + 4 * i));
        Rule::add(acc[words - 1], load<std::uint32_t>(whole ? at + 4 * (words - 1) : at_last));
        at += t.in_channels;
        if (!whole) at_last += t.in_channels;
      } while (--left != 0);
    } while (row != w.end);
#pragma GCC unroll 4
    for (int i = 0; i < words; ++i) {
      if (reduces && !state.last)
        __builtin_memcpy(__builtin_assume_aligned(state.sums + i * size, 4), &acc[i], size);
      else
        store(out + (i + 1 < words ? c + 4 * i : last), rule.finish(acc[i]));
    }
    if (reduces) state.sums += words * size;
  }
  static Acc load_acc(const std::byte* from) {
    Acc acc;
    __builtin_memcpy(&acc, __builtin_assume_aligned(from, 4), size);
    return acc;
  }
  [[gnu::noinline]] static void pixel(const Task& t, const Covered& w, int rows, State& state,
                                      std::byte* out) {
    const Rule rule(t, w.elements(rows));
    const int channels = t.in_channels;
    int c = 0;
    if constexpr (Rule::most_words == 4)
      for (; c <= channels - 16; c += 16) reduce<4, true>(t, w, rule, c, state, out);
    for (; c <= channels - 8; c += 8) reduce<2, true>(t, w, rule, c, state, out);
    if (c < channels - 4)
      reduce<2, false>(t, w, rule, c, state, out);
    else if (c < channels)
      reduce<1, false>(t, w, rule, channels - 4, state, out);
  }
  static void run(const Task& task, const Band& band) {
    const ExistingRows rows(task, band);
    std::byte* out = band.out[0];
    State state{band.scratch, band.first, band.last};
    const int count = reduces ? task.in_height : rows.count();
    int first = -task.left;
    for (int x = 0; x < task.out_width; ++x, first += task.stride_width) {
      pixel(task, rows.at(task, first), count, state, out);
      if (!reduces || band.last) out += task.in_channels;
    }
  }
};

// Windows of at most sixteen elements, unrolled.
template <class Rule, int height, int width, int stride, int channels, bool padded>
struct SmallPool : PlainKernel {
  static constexpr int taps = height * width, whole = channels / 4, rest = channels % 4;
  static constexpr bool unrolled = whole <= 4 && whole * taps <= 18;
  using Any = AnyPool<typename Rule::Any, false>;
  using Rows = const std::byte * [std::size_t{height}];

  [[gnu::always_inline]] static void move(Rows& at, std::byte*& out, int by) {
#pragma GCC unroll 16
    for (const std::byte*& row : at) row += by;
    out += by;
  }
  [[gnu::always_inline]] static void four(const Rule& rule, Rows& at, std::byte*& out) {
    auto acc = rule.start(load<std::uint32_t>(at[0] + (width - 1) * channels));
#pragma GCC unroll 16
    for (int tap = 1; tap < taps; ++tap) {
      const int column = width - 1 - tap / height;
      Rule::add(acc, load<std::uint32_t>(at[tap % height] + column * channels));
    }
    store(out, rule.finish(acc));
    move(at, out, 4);
  }
  [[gnu::always_inline]] static void pixel(const Rule& rule, Rows& at, std::byte*& out) {
    if constexpr (unrolled) {
#pragma GCC unroll 4
      for (int i = 0; i < whole; ++i) four(rule, at, out);
    } else {
      for (std::byte* const end = out + 4 * whole; out != end;) four(rule, at, out);
    }
    if constexpr (rest != 0) {
      move(at, out, rest - 4);
      four(rule, at, out);
    }
  }
  static void run(const Task& task, const Band& band) {
    const Task t = task;
    const Rule rule(t, taps);
    const ExistingRows rows(task, band);
    std::byte* out = band.out[0];
    std::byte* const end = out + t.out_width * channels;
    int first = -t.left;
    auto edge = [&] {
      typename Any::State none{};
      Any::pixel(task, rows.at(task, first), rows.count(), none, out);
      out += channels;
      first += stride;
    };
    const int last = padded && !Rule::repeats && rows.count() < height ? -1 : t.in_width - width;
    if constexpr (padded)
      while (first < 0) edge();
    Rows at;
#pragma GCC unroll 16
    for (int ky = 0; ky < height; ++ky)
      at[ky] = (padded && rows.row + ky >= rows.end ? *rows.row : rows.row[ky]) + first * channels;
    for (; padded ? first <= last : out != end; first += padded ? stride : 0) {
      pixel(rule, at, out);
#pragma GCC unroll 16
      for (const std::byte*& row : at) row += (stride - 1) * channels;
    }
    if constexpr (padded)
      while (out != end) edge();
  }
};

// Does a window of `v` hang over an edge?
constexpr bool hangs_over(const GraphView& g, const Value& v) {
  const Shape in = g.input(v).shape;
  return v.left > 0 || g.top(v) > 0 ||
         (v.shape.height - 1) * v.stride.height + v.filter.height > in.height ||
         (v.shape.width - 1) * v.stride.width + v.filter.width > in.width;
}

template <const Op& op> struct PoolsByFour {
  static constexpr const char* name =
      op == op::max_pool ? "armv7em.max_pool" : "armv7em.average_pool";
  static constexpr bool serves(const GraphView& g, int value) {
    const Value& v = g[value];
    return makes<std::int8_t>(g, value, op) && v.shape.channels >= 4 &&
           (op == op::max_pool || v.filter.area() <= 255);
  }
  template <const auto& graph, int value> static constexpr auto kernel() {
    constexpr const Value& v = graph.values[value];
    constexpr bool clamps = !whole_range(v), any = v.reduces || v.filter.area() > 16;
    constexpr int taps = any ? 0 : v.filter.area();
    using Mean = FourMeans<clamps, taps>;
    using Rule = std::conditional_t<v.op == op::max_pool, FourLargest<clamps>, Mean>;
    if constexpr (any)
      return AnyPool<Rule, v.reduces>{};
    else
      return SmallPool<Rule, v.filter.height, v.filter.width, v.stride.width, v.shape.channels,
                       hangs_over(graph.view(), v)>{};
  }
};

}  // namespace graven::core::armv7em_isa

#endif
