// Convolution as a matmul over gathered patches: tiles of up to six pixels against all filters.
#pragma once

#if defined(__riscv_mul) && __riscv_xlen == 32

#include "graven/isa/rv32imc/pairs.hpp"
#include "graven/isa/scalar/conv.hpp"
#include "graven/isa/shared/few_outputs.hpp"

namespace graven::core::rv32imc_isa {

// `count` elements of two pixels become words of a tile. Returns the end of what it wrote.
template <int pairs>
[[gnu::always_inline]] inline std::byte* interleave(std::byte* to, const std::byte* a,
                                                    const std::byte* b, int count) {
  constexpr int step = 4 * pairs;
  auto put = [&](int i) {
    const std::int32_t low = load<std::int8_t>(a + i), high = load<std::int8_t>(b + i);
    store_aligned(to + step * i, static_cast<std::int32_t>(high * 65536 + low));
  };
  for (; count >= 4; count -= 4, a += 4, b += 4, to += 4 * step) {
    put(0);
    put(1);
    put(2);
    put(3);
  }
  for (; count > 0; --count, ++a, ++b, to += step) put(0);
  return to;
}

// Pixels `x` and `second` as a pair of a tile. A window inside a row is read where it lies.
template <int pairs>
[[gnu::noinline]] void gather_pair(const Task& task, const Band& band, std::byte* to,
                                   const std::byte* padding, int x, int second) {
  const Task t = task;
  const int channels = t.in_channels, reach = (t.filter_width - 1) * t.dilation_width;
  const int a = x * t.stride_width - t.left, b = second * t.stride_width - t.left;
  const bool inside = a >= 0 && b + reach < t.in_width && t.dilation_width == 1;
  for (int ky = 0; ky < t.rows; ++ky) {
    const std::byte* row = band.rows[ky];
    if (row != nullptr && inside) {
      const int count = t.filter_width * channels;
      to = interleave<pairs>(to, row + a * channels, row + b * channels, count);
      continue;
    }
    for (int offset = 0; offset <= reach; offset += t.dilation_width) {
      auto pixel = [&](int column) {
        const bool exists = row != nullptr && column >= 0 && column < t.in_width;
        return exists ? row + column * channels : padding;
      };
      to = interleave<pairs>(to, pixel(a + offset), pixel(b + offset), channels);
    }
  }
}

// The same for all pairs of a tile of 1x1 windows, which are always inside.
template <int pairs>
[[gnu::noinline]] void gather_points(const Task& task, const Band& band, int x, int count) {
  const int channels = task.in_channels, step = task.stride_width * channels;
  const std::byte* from = band.rows[0] + x * step;
  std::byte* to = band.scratch;
  for (int j = 0; j < 2 * pairs; j += 2, from += 2 * step, to += 4)
    interleave<pairs>(to, from, j + 1 < count ? from + step : from, channels);
}

// Words that a tile takes per tap are chosen so that few pixels are computed twice, and a tile does
// not outgrow the rows around it.
constexpr int most_pairs(int width, int taps) {
  const int pairs = (width + 1) / 2, limit = taps > 512 ? 1 : taps > 256 ? 2 : 3;
  return pairs < limit ? pairs : limit;
}

// Packing chooses a program: `relu` where the clamp hides the rounding of negative sums, `any` for
// other clamps, `general` (scalar's) for unusual biases and shifts.
template <int most> struct Conv {
  enum Program { relu, any, general };
  using General = scalar_isa::Conv<scalar_isa::Int8>;
  static constexpr int programs = 3;
  static constexpr bool holds_weights = true;

  // A tile, and a pixel of padding.
  static constexpr int scratch(const GraphView& g, const Value& v) {
    return 4 * most * g.window_size(v) + (g.input(v).shape.channels + 3) / 4 * 4;
  }
  static constexpr int blocks(const Value& v) { return (v.shape.channels + 1) / 2; }
  static constexpr int stream_size(const GraphView& g, const Value& v) {  // at most
    const int fast = blocks(v) * (PairRecord::bytes + 3 * g.window_size(v) + 1);
    const int slow = General::stream_size(g, v);
    return fast > slow ? fast : slow;
  }

  // Chunks of outputs o and o + 1.
  static constexpr int note(const GraphView&, const Value& v, const Parameters& p, int o) {
    Writer nowhere{nullptr, 0, 0};
    return o % 2 == 0 ? TwoOutputs(v.weights, p, o).put(nowhere) : 0;
  }
  static constexpr void pack(const GraphView& g, const Value& v, const Parameters& p, Writer& to) {
    if (!is_fast(g, v, p, g.window_size(v))) {
      to.program = general;
      return General::pack(g, v, p, to);
    }
    to.program = relu_like(v) ? relu : any;
    const FilterLayout layout = v.weights;
    Writer records = to;
    to.at += blocks(v) * PairRecord::bytes;
    for (int o = 0; o < v.shape.channels; o += 2) {
      const bool two = o + 1 < v.shape.channels;
      const Channel low = fold(g, v, p, o);
      const TwoOutputs weights(layout, p, o);
      if (!to.skips(weights.bytes(low.note))) weights.put(to);
      PairRecord::put(records, low, fold(g, v, p, two ? o + 1 : o), two, low.note);
    }
  }

  // `count` pixels from `x` on, 2 * pairs or one less.
  template <int pairs, int program>
  [[gnu::always_inline]] static void tile(const Task& t, const Band& band, PairLoop& loop,
                                          const std::byte* padding, int x, int count) {
    const bool points = t.rows == 1 && t.filter_width == 1;
    if (points) gather_points<pairs>(t, band, x, count);
    for (int j = 0; j < 2 * pairs && !points; j += 2)
      gather_pair<pairs>(t, band, band.scratch + 2 * j, padding, x + j,
                         j + 1 < count ? x + j + 1 : x + j);
    loop.last_step = count % 2 == 0 ? loop.pixel_step : 0;
    multiply_pairs<pairs, program == relu>(loop.end, band.scratch,
                                           band.out[0] + x * loop.pixel_step, &loop);
  }

  template <int program> static void run(const Task& task, const Band& band) {
    if constexpr (program == general) {
      General::run(task, band);
    } else {
      const Task t = task;
      const Range range(t);
      const int size = (t.out_channels + 1) / 2 * PairRecord::bytes;
      PairLoop loop{t.stream,         t.stream + size, t.out_channels, 0,
                    range.twice_zero, range.low,       range.span};
      std::byte* padding = band.scratch + 4 * most * t.rows * t.filter_width * t.in_channels;
      fill_bytes(padding, static_cast<std::byte>(t.in_zero), t.in_channels);
      for (int x = 0, left = t.out_width; left > 0;) {
        const int count = left < 2 * most ? left : 2 * most;
        if (most > 2 && count > 4)
          tile<most, program>(t, band, loop, padding, x, count);
        else if (most > 1 && count > 2)
          tile < most<2 ? most : 2, program>(t, band, loop, padding, x, count);
        else
          tile<1, program>(t, band, loop, padding, x, count);
        x += count;
        left -= count;
      }
    }
  }
};

struct FewCore {
  static constexpr int few_outputs = 2;
  static constexpr bool proves(const GraphView& g, const Value& v, const Parameters& p) {
    return whole_range(v) && is_fast(g, v, p, g.window_size(v));
  }
  struct Finish {
    Range range;
    Scale scale;

    Finish(Multiplier m, int zero) : range(zero), scale(m.multiplier, -m.shift, range) {}
    [[gnu::always_inline]] std::byte operator()(std::int32_t sum) const {
      return scale.finish<false>(sum, range);
    }
  };
};

struct Convs {
  static constexpr const char* name = "rv32imc.conv";
  static constexpr bool serves(const GraphView& g, int value) {
    return makes<std::int8_t>(g, value, op::conv);
  }
  template <const auto& graph, int value> static constexpr auto kernel() {
    constexpr const Value& v = graph.values[value];
    constexpr int taps = v.filter.area() * graph.views[v.first_input].shape.channels;
    constexpr int few = few_bytes(graph.view(), v);
    if constexpr (takes_few_outputs<FewCore>(v, few))
      return FewOutputs<FewCore, v.filter.height, few>{};
    else
      return Conv<most_pairs(v.shape.width, taps)>{};
  }
};

}  // namespace graven::core::rv32imc_isa

#endif
