// Convolutions and Dense of int8 with weights of nine bits, which uint8 models have: two products
// per SMLAD, four outputs at a time.
#pragma once

#if defined(__ARM_FEATURE_SIMD32) && defined(__thumb2__)

#include "graven/isa/armv7em/conv/words.hpp"

namespace graven::core::armv7em_isa {

// What an instruction set brings: inputs are taken `step` at a time, of which `order(i)` is the one
// that meets weight i; `bytes(steps)` of scratch hold those of so many steps, which `raw` takes as
// they come and `widen` makes what `sums` reads.
struct WideWords {
  using Copies = ByteCopies<true>;
  static constexpr const char *conv = "armv7em.uint8", *dense = "armv7em.uint8_dense",
                              *rows = "armv7em.uint8_rows";
  static constexpr int step = 4;
  static constexpr int order(int i) { return i == 1 ? 2 : i == 2 ? 1 : i; }
  static constexpr int bytes(int steps) { return 12 * steps; }

  static std::byte* raw(std::byte* scratch, int steps) { return scratch + 8 * steps; }
  static void widen(std::byte* scratch, int steps) {
    const std::byte* from = raw(scratch, steps);
    for (; steps > 0; --steps, from += 4, scratch += 8) {
      const auto four = load_aligned<std::uint32_t>(from);
      store_aligned(scratch, even_bytes(four));
      store_aligned(scratch + 4, odd_bytes(four));
    }
  }
  // Weights: per step those of each output.
  static void sums(std::int32_t* sums, const std::byte* inputs, const std::byte* weights,
                   int steps) {
    std::int32_t a = 0, b = 0, c = 0, d = 0;
    for (; steps > 0; --steps, inputs += 8, weights += 32) {
      const auto even = load_aligned<std::uint32_t>(inputs);
      const auto odd = load_aligned<std::uint32_t>(inputs + 4);
      auto add = [&](int at, std::int32_t acc) {
        acc = smlad(even, load_aligned<std::uint32_t>(weights + at), acc);
        return smlad(odd, load_aligned<std::uint32_t>(weights + at + 4), acc);
      };
      a = add(0, a);
      b = add(8, b);
      c = add(16, c);
      d = add(24, d);
    }
    sums[0] = a;
    sums[1] = b;
    sums[2] = c;
    sums[3] = d;
  }
};

template <class Core> constexpr int wide_steps(int count) {
  return (count + Core::step - 1) / Core::step;
}
// Of `count` inputs and four outputs: `weight(o, k)`, zero beyond either.
template <class Core, class Weight>
constexpr void put_wide(int first, int outputs, int count, Writer& to, const Weight& weight) {
  const int steps = wide_steps<Core>(count);
  if (to.skips(8 * Core::step * steps)) return;
  for (int k = 0; k < steps * Core::step; k += Core::step)
    for (int o = first; o < first + 4; ++o)
      for (int i = 0; i < Core::step; ++i) {
        const int at = k + Core::order(i);
        to.put(o < outputs && at < count ? weight(o, at) : std::int16_t{0});
      }
}

// Stream: scalar's header; per four outputs and step of inputs the weights of each.
template <class Core, bool dense> struct WideConv : scalar_isa::Conv<scalar_isa::Int8x16<dense>> {
  using N = scalar_isa::Int8x16<dense>;
  static constexpr const char* name = dense ? Core::dense : Core::conv;

  static constexpr int fours(int channels) { return (channels + 3) / 4; }
  static constexpr int scratch(const GraphView&, const Value& v) {
    return Core::bytes(wide_steps<Core>(v.weights.taps));
  }
  static constexpr int stream_size(const GraphView&, const Value& v) {
    const int channels = v.shape.channels;
    return N::header(channels) +
           fours(channels) * 8 * Core::step * wide_steps<Core>(v.weights.taps);
  }
  static constexpr void pack(const GraphView& g, const Value& v, const Parameters& p, Writer& to) {
    N::pack(g, v, p, to);
    const FilterLayout layout = v.weights;
    for (int o = 0; o < layout.outputs; o += 4)
      put_wide<Core>(o, layout.outputs, layout.taps, to,
                     [&](int output, int k) { return N::weights(p)[layout.index(output, k)]; });
  }

  static void run(const Task& task, const Band& band) {
    const Task t = task;
    const N channels(t);
    const int steps = wide_steps<Core>(t.rows * t.filter_width * t.in_channels);
    const int count = t.out_channels;
    std::byte *out = band.out[0], *inputs = band.scratch;
    for (int x = 0; x < t.out_width; ++x, out += count) {
      collect<typename Core::Copies>(t, band, Core::raw(inputs, steps), x);
      Core::widen(inputs, steps);
      const std::byte* weights = channels.weights();
      for (int o = 0; o < count; o += 4, weights += 8 * Core::step * steps) {
        std::int32_t sums[4];
        Core::sums(sums, inputs, weights, steps);
        for (int i = 0; i < 4 && o + i < count; ++i)
          channels.finish(out, o + i, channels.start(o + i) + sums[i]);
      }
    }
  }
};

// Over several rows, as running sums in scratch, behind which the row's inputs lie. Stream:
// scalar's header; then row by row as above.
template <class Core> struct WideRows : scalar_isa::DenseRows<scalar_isa::Int8x16<true>> {
  using N = scalar_isa::Int8x16<true>;
  static constexpr const char* name = Core::rows;

  static constexpr int fours(int channels) { return (channels + 3) / 4; }
  static constexpr int scratch(const GraphView& g, const Value& v) {
    return 16 * fours(v.shape.channels) + Core::bytes(wide_steps<Core>(g.input(v).shape.row()));
  }
  static constexpr int stream_size(const GraphView& g, const Value& v) {
    const Shape in = g.input(v).shape;
    return N::header(v.shape.channels) +
           in.height * fours(v.shape.channels) * 8 * Core::step * wide_steps<Core>(in.row());
  }
  static constexpr void pack(const GraphView& g, const Value& v, const Parameters& p, Writer& to) {
    N::pack(g, v, p, to);
    const Shape in = g.input(v).shape;
    for (int r = 0; r < in.height; ++r)
      for (int o = 0; o < v.shape.channels; o += 4)
        put_wide<Core>(o, v.shape.channels, in.row(), to, [&](int output, int k) {
          return N::weights(p)[output * in.size() + r * in.row() + k];
        });
  }

  static void run(const Task& task, const Band& band) {
    const Task t = task;
    const N channels(t);
    const int row = t.in_width * t.in_channels, steps = wide_steps<Core>(row);
    const int count = t.out_channels, pieces = fours(count);
    std::byte *before = band.scratch, *inputs = before + 16 * pieces;
    Core::Copies::copy(Core::raw(inputs, steps), band.rows[0], row);
    Core::widen(inputs, steps);
    const std::byte* weights = channels.weights() + band.step * pieces * 8 * Core::step * steps;
    for (int o = 0; o < count; o += 4, before += 16, weights += 8 * Core::step * steps) {
      std::int32_t sums[4];
      Core::sums(sums, inputs, weights, steps);
      for (int i = 0; i < 4 && o + i < count; ++i) {
        const std::int32_t acc =
            sums[i] +
            (band.first ? channels.start(o + i) : load_aligned<std::int32_t>(before + 4 * i));
        if (band.last)
          channels.finish(band.out[0], o + i, acc);
        else
          store_aligned(before + 4 * i, acc);
      }
    }
  }
};

template <class Core>
using Wides = Prefer<WideConv<Core, false>, WideConv<Core, true>, WideRows<Core>>;
using WideConvs = Wides<WideWords>;

}  // namespace graven::core::armv7em_isa

#endif
