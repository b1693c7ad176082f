// One output pixel: Dense, and convolutions that leave a single column. Four outputs share each
// load of an input.
#pragma once

#if defined(__riscv_mul) && __riscv_xlen == 32

#include "graven/isa/rv32imc/requantize.hpp"
#include "graven/isa/scalar/conv.hpp"

namespace graven::core::rv32imc_isa {

// Adds `count` inputs times the weights of `outputs` channels, which lie side by side.
template <int outputs>
[[gnu::always_inline]] inline void add_products(std::int32_t* acc, const std::byte* x,
                                                const std::byte* w, int count) {
  auto add = [&](int k) {
    const std::int32_t input = load<std::int8_t>(x + k);
#pragma GCC unroll 4
    for (int o = 0; o < outputs; ++o) acc[o] += input * load<std::int8_t>(w + outputs * k + o);
  };
  // No more at once: g++ would load first and run out of registers.
  for (const std::byte* end = x + (count & ~3); x != end; x += 4, w += 4 * outputs) {
    add(0);
    add(1);
    add(2);
    add(3);
  }
  for (count &= 3; count > 0; --count, ++x, w += outputs) add(0);
}

// A channel's word and multiplier, in front of all weights.
struct DenseRecord {
  static constexpr int bytes = 8;

  // Writes all records and chooses the program; false: some channel needs the general one.
  static constexpr bool put_all(const GraphView& g, const Value& v, const Parameters& p, Writer& to,
                                int taps) {
    const bool fast = is_fast(g, v, p, taps);
    for (int o = 0; o < v.shape.channels && fast; ++o) {
      const Channel channel = fold(g, v, p, o);
      to.put(FastChannel::word(channel));
      to.put(channel.multiplier.multiplier);
    }
    return fast;
  }
  static std::int32_t bias(const std::byte* record) {
    return load_aligned<std::int32_t>(record) >> 8;
  }
  static Scale scale(const std::byte* record, const Range& range) {
    return {load_aligned<std::int32_t>(record + 4), load_aligned<std::int32_t>(record), range};
  }
};

// The weights of inputs [from, from + count): four outputs side by side; the last ones alone.
constexpr void put_fours(Writer& to, const FilterLayout& layout, const Parameters& p, int from,
                         int count) {
  for (int o = 0; o < layout.outputs;) {
    const int together = layout.outputs - o < 4 ? 1 : 4;
    if (!to.skips(count * together))
      for (int k = from; k < from + count; ++k)
        for (int i = 0; i < together; ++i) to.put(p.filter.int8[layout.index(o + i, k)]);
    o += together;
  }
}

// Packing chooses a program as in conv.hpp. With `Rows` over the rows of the input, as running sums
// in scratch; otherwise a window at once. Stream: records, weights.
template <bool Rows> struct Dense {
  enum Program { relu, any, general };
  using N = scalar_isa::Int8;
  using General = std::conditional_t<Rows, scalar_isa::DenseRows<N>, scalar_isa::Conv<N>>;
  static constexpr int programs = 3;
  static constexpr bool holds_weights = true;

  static constexpr const char* name = Rows ? "rv32imc.dense" : "rv32imc.pixel";
  static constexpr bool serves(const GraphView& g, int value) {
    return Rows ? makes<std::int8_t>(g, value, op::dense)
                : makes<std::int8_t>(g, value, op::conv) && g[value].shape.width == 1;
  }
  static constexpr int scratch(const GraphView& g, const Value& v) {
    return General::scratch(g, v);
  }
  static constexpr int stream_size(const GraphView& g, const Value& v) {  // the general one's
    return General::stream_size(g, v);
  }
  static constexpr void pack(const GraphView& g, const Value& v, const Parameters& p, Writer& to) {
    const FilterLayout layout = v.weights;
    const int rows = Rows ? g.input(v).shape.height : 1, row = layout.taps / rows;
    if (!DenseRecord::put_all(g, v, p, to, layout.taps)) {
      to.program = general;
      return General::pack(g, v, p, to);
    }
    to.program = relu_like(v) ? relu : any;
    for (int r = 0; r < rows; ++r) put_fours(to, layout, p, r * row, row);
  }

  // Adds the products of `count` outputs from `o` on, to be continued or finished.
  template <bool relu, int count>
  [[gnu::always_inline]] static void add(const Task& t, const Band& band, const Range& range,
                                         const std::byte* x, const std::byte* w, int taps, int o) {
    std::int32_t acc[std::size_t{count}];
    const std::byte* record = t.stream + o * DenseRecord::bytes;
    std::byte* sums = band.scratch + 4 * o;
    for (int i = 0; i < count; ++i)
      acc[i] = band.first || !Rows ? DenseRecord::bias(record + i * DenseRecord::bytes)
                                   : load_aligned<std::int32_t>(sums + 4 * i);
    add_products<count>(acc, x, w, taps);
    for (int i = 0; i < count; ++i)
      if (band.last || !Rows)
        band.out[0][o + i] = DenseRecord::scale(record + i * DenseRecord::bytes, range)
                                 .template finish<relu>(acc[i], range);
      else
        store_aligned(sums + 4 * i, acc[i]);
  }

  template <int program> static void run(const Task& task, const Band& band) {
    if constexpr (program == general) {
      General::run(task, band);
    } else {
      const Task t = task;
      const Range range(t);
      const int taps = (Rows ? t.in_width : t.rows * t.filter_width) * t.in_channels;
      const std::byte* x =
          Rows ? band.rows[0]
               : gather<std::int8_t>(t, band, 0, static_cast<std::int8_t>(t.in_zero));
      const std::byte* w = t.stream + t.out_channels * DenseRecord::bytes;
      if constexpr (Rows) w += band.step * taps * t.out_channels;
      int o = 0;
      for (; o + 3 < t.out_channels; o += 4, w += 4 * taps)
        add<program == relu, 4>(t, band, range, x, w, taps, o);
      for (; o < t.out_channels; ++o, w += taps)
        add<program == relu, 1>(t, band, range, x, w, taps, o);
    }
  }
};

}  // namespace graven::core::rv32imc_isa

#endif
