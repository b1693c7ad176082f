// Convolutions of images of one channel to few, such as the first of a network: a row of the window
// is a word of up to four bytes, which is read where it lies.
#pragma once

#if defined(__ARM_FEATURE_SIMD32) && defined(__thumb2__)

#include "graven/isa/armv7em/dsp.hpp"
#include "graven/isa/armv7em/row_kind.hpp"
#include "graven/isa/scalar/conv.hpp"

namespace graven::core::armv7em_isa {

// Four bytes of a row from column `first` on, `zero` where it has none. Four is the least width.
[[gnu::always_inline]] inline std::uint32_t window_word(const std::byte* row, int first, int width,
                                                        std::uint32_t zero) {
  if (first < 0) return load<std::uint32_t>(row) << (-8 * first) | zero >> (32 + 8 * first);
  if (const int over = first + 4 - width; over > 0)
    return load<std::uint32_t>(row + first - over) >> (8 * over) | zero << (32 - 8 * over);
  return load<std::uint32_t>(row + first);
}

struct LoneConvs : scalar_isa::Conv<scalar_isa::Int8> {
  static constexpr const char* name = "armv7em.lone";
  static constexpr int most = 4;  // rows and columns of the window
  static constexpr bool serves(const GraphView& g, int value) {
    const Value& v = g[value];
    if (!scalar_isa::computes<scalar_isa::Int8>(g, value, op::conv)) return false;
    const Shape in = g.input(v).shape;
    return in.channels == 1 && in.width >= 4 && v.shape.channels <= 3 && v.filter.area() > 1 &&
           v.filter.height <= most && v.filter.width <= most && v.dilation.width == 1 &&
           rows_of(g, value) == RowKind::pixels && source_rows(g, value) == RowKind::pixels;
  }
  static constexpr int scratch(const GraphView&, const Value&) { return 0; }

  // The weights of a row of the window as halfwords, of bytes 0 and 2, and of 1 and 3.
  struct Row {
    const std::byte* at;
    std::uint32_t even, odd;
  };
  static std::uint32_t halves(int low, int high) {
    return static_cast<std::uint32_t>(low & 0xffff) | static_cast<std::uint32_t>(high) << 16;
  }
  static Row row_of(const Task& t, const std::byte* at, const std::byte* weights) {
    int w[most]{};
    for (int k = 0; k < t.filter_width; ++k) w[k] = load<std::int8_t>(weights + k);
    return {at, halves(w[0], w[2]), halves(w[1], w[3])};
  }

  // What one output needs of the pixels of a row; `start` has the rows of padding.
  struct Output {
    scalar_isa::Int8 channels;
    Multiplier scale;
    std::int32_t start;
    int stride, step, width;  // of the input, of the output; columns of the input
    std::uint32_t zero;
    Row rows[most];
    int count = 0;
    std::byte* out;
  };
  // Pixels from `first`, a column, on; `put` stores a sum.
  template <int rows, class Put>
  [[gnu::always_inline]] static void inside(Output& o, int first, int pixels, Put&& put) {
    const Row a = o.rows[0], b = o.rows[rows > 1 ? 1 : 0], c = o.rows[rows > 2 ? 2 : 0];
    auto add = [](std::int32_t acc, std::uint32_t word, const Row& row) {
      return smlad(odd_bytes(word), row.odd, smlad(even_bytes(word), row.even, acc));
    };
    const std::byte *pa = a.at + first, *pb = b.at + first, *pc = c.at + first;
    const int stride = o.stride, step = o.step;
    const std::int32_t start = o.start;
    std::byte* out = o.out;
    for (std::byte* const end = out + pixels * step; out != end; out += step) {
      std::int32_t acc = add(start, load<std::uint32_t>(pa), a);
      if constexpr (rows > 1) acc = add(acc, load<std::uint32_t>(pb), b);
      if constexpr (rows > 2) acc = add(acc, load<std::uint32_t>(pc), c);
      put(out, acc);
      pa += stride;
      if constexpr (rows > 1) pb += stride;
      if constexpr (rows > 2) pc += stride;
    }
    o.out = out;
  }
  static void edge(Output& o, int first) {
    std::int32_t acc = o.start;
    for (int r = 0; r < o.count; ++r) {
      const std::uint32_t word = window_word(o.rows[r].at, first, o.width, o.zero);
      acc = smlad(odd_bytes(word), o.rows[r].odd, smlad(even_bytes(word), o.rows[r].even, acc));
    }
    o.channels.put(o.out, acc, o.scale);
    o.out += o.step;
  }
  // Rounded as FastChannel (dsp.hpp) does, where it serves.
  template <int rows> static void inside(Output& o, int first, int pixels) {
    const int e = -o.scale.shift;
    const scalar_isa::Int8& n = o.channels;
    if (e < 1 || e > 22 || n.range.low != -128 || n.range.high != 127 ||
        o.start < FastChannel::lowest_bias || o.start >= 1 << 23)
      return inside<rows>(o, first, pixels,
                          [&](std::byte* to, std::int32_t acc) { n.put(to, acc, o.scale); });
    const std::int32_t c = (2 * n.zero + 1) * (1 << (e - 1)), m = o.scale.multiplier;
    inside<rows>(o, first, pixels, [=](std::byte* to, std::int32_t acc) {
      const std::int32_t y = smmlar(acc * 2, m, c + (acc >> 31));
      *to = static_cast<std::byte>(saturate_half(shift_right(y, e - 1)));
    });
  }

  static void run(const Task& task, const Band& band) {
    const Task t = task;
    const std::uint32_t zero = 0x01010101u * static_cast<std::uint8_t>(t.in_zero);
    const scalar_isa::Int8 channels(t);
    const std::byte* weights = channels.weights();
    for (int channel = 0; channel < t.out_channels; ++channel) {
      Output o{channels,
               channels.scale(channel),
               channels.start(channel),
               t.stride_width,
               t.out_channels,
               t.in_width,
               zero,
               {},
               0,
               band.out[0] + channel};
      for (int r = 0; r < t.rows; ++r, weights += t.filter_width) {
        const Row row = row_of(t, band.rows[r], weights);
        if (row.at != nullptr)
          o.rows[o.count++] = row;
        else  // the same for all pixels
          o.start = smlad(odd_bytes(zero), row.odd, smlad(even_bytes(zero), row.even, o.start));
      }
      run_row(t, o);
    }
  }
  static void run_row(const Task& t, Output& o) {
    int x = 0, first = -t.left;
    for (; x < t.out_width && first < 0; ++x, first += o.stride) edge(o, first);
    const int within = first + 4 > o.width ? 0 : (o.width - 4 - first) / o.stride + 1;
    const int pixels = within < t.out_width - x ? within : t.out_width - x;
    if (o.count == 3)
      inside<3>(o, first, pixels);
    else if (o.count == 2)
      inside<2>(o, first, pixels);
    else if (o.count == 1)
      inside<1>(o, first, pixels);
    else
      for (int k = 0; k < pixels; ++k) edge(o, first + k * o.stride);
    x += pixels;
    first += pixels * o.stride;
    for (; x < t.out_width; ++x, first += o.stride) edge(o, first);
  }
};

}  // namespace graven::core::armv7em_isa

#endif
