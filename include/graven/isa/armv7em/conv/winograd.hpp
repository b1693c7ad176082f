// Exact Winograd F(2x2, 3x3): 3x3 filters at stride 1 with 16 products per 2x2 outputs and input
// channel instead of 36. Filters are transformed at compile time, four-fold, which makes them
// integers; sums are four times the convolution's, exactly, and requantization takes that off.
#pragma once

#if defined(__ARM_FEATURE_SIMD32) && defined(__thumb2__)

#include "graven/isa/armv7em/conv/conv.hpp"
#include "graven/isa/armv7em/conv/transforms.hpp"
#include "graven/layers/conv2d.hpp"

#include <array>
#include <cstddef>

namespace graven::core::armv7em_isa {

// Four times the transform of a filter, with position 3 negated.
struct TransformedFilter {
  std::int16_t at[16]{};  // 4 * i + j

  constexpr TransformedFilter(const std::int8_t* first, int row, int column) {
    constexpr int g[4][3]{{2, 0, 0}, {1, 1, 1}, {1, -1, 1}, {0, 0, -2}};
    int down[4][3]{};
    for (int i = 0; i < 4; ++i)
      for (int x = 0; x < 3; ++x)
        for (int y = 0; y < 3; ++y) down[i][x] += g[i][y] * first[y * row + x * column];
    for (int i = 0; i < 4; ++i)
      for (int j = 0; j < 4; ++j) {
        int sum = 0;
        for (int x = 0; x < 3; ++x) sum += g[j][x] * down[i][x];
        at[4 * i + j] = static_cast<std::int16_t>(sum);
      }
  }
};

// Does it serve, and take fewer instructions? Estimates per output, from measurements.
constexpr bool winograd_serves(const GraphView& g, const Value& v) {
  const Shape in = g.input(v).shape, out = v.shape;
  if (v.op != op::conv || v.element != Element::int8 || !is_uniform(g, v) ||
      !has_usual_weights(v) || v.filter != Extent(3) || v.stride != Extent(1) ||
      v.dilation != Extent(1) || g.rim(v) > 1 || in.channels % 4 != 0 || out.channels % 2 != 0 ||
      !whole_range(v))
    return false;
  const int computed = (out.height + 1) / 2 * 2 * ((out.width + 7) / 8 * 8);
  const int each = 11 * in.channels / 4 + 10 * in.channels / out.channels + 14;
  return each * computed < (7 * in.channels + 8) * out.height * out.width;
}
// Bytes of flash beyond those of Conv.
constexpr int winograd_expansion(const GraphView& g, const Value& v) {
  return v.shape.channels * (4 + 23 * g.input(v).shape.channels);
}

// `channels` of the input. Packing chooses: `any` or `floored` (above), or the programs of Usual
// row by row, where a channel's numbers do not fit.
template <class Usual, int channels> struct Winograd {
  static constexpr int any = 0, floored = 1, usual = 2;
  static constexpr int programs = 2 + Usual::programs;
  static constexpr bool holds_weights = true;
  static constexpr int order[4]{1, 2, 0, 3};  // of positions
  static constexpr int words = channels / 2, position_bytes = 16 * words;
  static constexpr int unroll = words % 8 == 0 ? 8 : words % 6 == 0 ? 6 : words % 4 == 0 ? 4 : 2;
  static constexpr int block = 16;  // channels that are transformed at once
  static constexpr int inputs_bytes = 16 * position_bytes, room_bytes = 4 * 8 * 40;
  static constexpr int pair_bytes = 8 + 16 * 8 * words + 16;

  static constexpr bool is_whole(const Value& v) {
    return v.shape.width % 8 == 0 && v.shape.height % 2 == 0;
  }
  // Transformed inputs, room, a pixel of padding, outputs of a group that hangs over an edge.
  static constexpr int scratch(const GraphView& g, const Value& v) {
    const int bytes =
        inputs_bytes + room_bytes + channels + (is_whole(v) ? 0 : 16 * v.shape.channels);
    const int other = Usual::scratch(g, v);
    return bytes > other ? bytes : other;
  }
  static constexpr int stream_size(const GraphView& g, const Value& v) {  // at most
    const int bytes = v.shape.channels / 2 * pair_bytes, other = Usual::stream_size(g, v);
    return bytes > other ? bytes : other;
  }

  static constexpr bool fits(const GraphView& g, const Value& v, const Parameters& p) {
    for (int o = 0; o < v.shape.channels; ++o)
      if (!FastChannel::serves(fold(g, v, p, o))) return false;
    return 9 * channels < 1 << 14;  // then four times any sum is below 2^31
  }
  static constexpr void pack(const GraphView& g, const Value& v, const Parameters& p, Writer& to) {
    if (!fits(g, v, p)) {
      Usual::pack(g, v, p, to);
      to.program += usual;
      return;
    }
    to.program = v.quant.zero_point == -128 ? floored : any;
    for (int o = 0; o < v.shape.channels; o += 2) {
      if (to.skips(pair_bytes)) continue;
      const Channel pair[2]{fold(g, v, p, o), fold(g, v, p, o + 1)};
      for (const Channel& c : pair) to.put(static_cast<std::int32_t>(4 * c.bias));
      put_filters(v.weights, p, o, to);
      for (const Channel& c : pair) {
        to.put(c.multiplier.multiplier);
        to.put(static_cast<std::int32_t>(-c.multiplier.shift - (to.program == floored ? 0 : 1)));
      }
    }
  }
  static constexpr void put_filters(const FilterLayout& layout, const Parameters& p, int o,
                                    Writer& to) {
    const int column = channels * layout.tap_step, row = 3 * column;
    const int first = to.at;
    for (int output = 0; output < 2; ++output)
      for (int c = 0; c < channels; ++c) {
        const TransformedFilter u(p.filter.int8 + layout.index(o + output, c), row, column);
        // Channels c, c + 2 are a word, c + 1, c + 3 the next.
        int at = c / 4 * 16 + c % 2 * 8 + c / 2 % 2 * 2 + 4 * output;
        for (int j : order)
          for (int i : order) {
            to.at = first + at;
            to.put(u.at[4 * i + j]);
            at += 8 * words;
          }
      }
    to.at = first + 16 * 8 * words;
  }

  // ---- a step ---------------------------------------------------------------------------------

  // Columns `first` to `first` + 9 of four rows.
  static void transform(const Task& t, const Band& band, int first, const std::byte* padding,
                        std::byte* inputs, std::byte* room) {
    constexpr int index[4]{2, 0, 1, 3};  // in `order`
    for (int c = 0; c < channels; c += block) {
      const int count = channels - c < block ? channels - c : block;
      for (int x = 0; x < 10; ++x) {
        const int column = first + x;
        const bool exists = column >= 0 && column < t.in_width;
        const std::byte* from[4];
        for (int i = 0; i < 4; ++i) {
          const std::byte* row = band.rows[i];
          from[i] = exists && row != nullptr ? row + column * channels + c : padding;
        }
        columns(from, room + 4 * x, count / 4);
      }
      for (int i = 0; i < 4; ++i)
        positions(room + 320 * i, inputs + index[i] * position_bytes + 8 * c, 4 * position_bytes,
                  count / 2);
    }
  }
  // All outputs of the group.
  template <int program>
  static void compute(const Task& t, const std::byte* inputs, std::byte* room, GroupOut& out) {
    const std::byte* stream = t.stream;
    for (int k = 8; k < 16; ++k) store_aligned(room + 4 * k, std::int32_t{0});
    for (int left = t.out_channels; left > 0; left -= 2, stream += 16) {
      stream = sums<unroll, unroll == words>(stream, inputs, room, words / unroll);
      finish_sums<program == floored>(room + 64, stream, &out);
    }
  }

  template <int program> static void run(const Task& task, const Band& band) {
    if constexpr (program >= usual) {
      run_usual<program - usual>(task, band);
    } else {
      const Task& t = task;
      std::byte *inputs = band.scratch, *room = inputs + inputs_bytes;
      std::byte *padding = room + room_bytes, *aside = padding + channels;
      fill(padding, t.in_zero, channels);
      const int step = t.out_channels;
      for (int x = 0; x < t.out_width; x += 8) {
        transform(t, band, x - t.left, padding, inputs, room);
        const int width = t.out_width - x < 8 ? t.out_width - x : 8;
        const bool whole = width == 8 && band.count == 2;
        GroupOut out{band.out[0] + x * step, band.out[band.count - 1] + x * step, step,
                     2 * t.out_zero + 1};
        if (!whole) {
          out.upper = aside;
          out.lower = aside + 8 * step;
        }
        compute<program>(t, inputs, room, out);
        for (int y = 0; y < band.count && !whole; ++y)
          armv7em_isa::copy(band.out[y] + x * step, aside + y * 8 * step, width * step);
      }
    }
  }
  template <int program> static void run_usual(const Task& task, const Band& band) {
    Task t = task;
    t.rows = 3;
    for (int y = 0; y < band.count; ++y) {
      const Band row{band.rows + y, band.out + y, band.scratch, 2 * band.step + y, 1, true, true};
      Usual::template run<program>(t, row);
    }
  }
};

// Weights are expanded by `spare` bytes at most; `Usual` are the kernels without.
template <int spare, class Usual> struct Winograds {
  static constexpr const char* name = "armv7em.winograd";

  static constexpr bool could_serve(const GraphView& g, int value) {
    return winograd_serves(g, g[value]) && g[value].shape.width > 1 &&
           rows_of(g, value) == RowKind::pixels;
  }
  // Values that save the most multiplications per byte come first; what does not fit any more is
  // left out.
  template <const auto& graph> static constexpr auto choose() {
    constexpr GraphView g = graph.view();
    constexpr auto count = static_cast<std::size_t>(g.count);
    std::array<int, count> bytes{};
    std::array<bool, count> waits{}, chosen{};
    for (std::size_t v = 0; v < count; ++v) {
      waits[v] = could_serve(g, static_cast<int>(v));
      if (waits[v]) bytes[v] = winograd_expansion(g, g[static_cast<int>(v)]);
    }
    auto saved = [&](std::size_t v, std::size_t per) {
      return static_cast<std::int64_t>(g[static_cast<int>(v)].macs) * bytes[per];
    };
    for (int left = spare;;) {
      std::size_t next = count;
      for (std::size_t v = 0; v < count; ++v)
        if (waits[v] && (next == count || saved(v, next) > saved(next, v))) next = v;
      if (next == count) return chosen;
      waits[next] = false;
      chosen[next] = bytes[next] <= left;
      if (chosen[next]) left -= bytes[next];
    }
  }
  template <const auto& graph> static constexpr auto served = choose<graph>();
  static constexpr bool serves(const GraphView& g, int value) { return could_serve(g, value); }
  template <const auto& graph, int value> static constexpr auto kernel() {
    constexpr int channels = graph.views[graph.values[value].first_input].shape.channels;
    return Winograd<decltype(Usual::template kernel<graph, value>()), channels>{};
  }
};

}  // namespace graven::core::armv7em_isa

#endif
