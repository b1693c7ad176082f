// Dense over several rows, as running sums in scratch.
#pragma once

#include "graven/isa/scalar/conv.hpp"
#include "graven/isa/shared/thumb/conv.hpp"
#include "graven/layers/dense.hpp"

namespace graven::core::thumb_isa {

// Read by the assembler of the cores.
struct DenseStep {
  const std::byte *tile, *tile_end;
  std::byte *sums, *sums_end;
};

// Packing chooses: `sums` on chunks, or `scalar` where a weight is -128.
// Stream: per output bias, multiplier, shift; per row where its corrections end, in words from the
// start; the rows' weights; the corrections as pairs of words: output * 65536 + input, weight.
template <class Core, int unroll> struct DenseRows {
  enum Program { sums, scalar };
  using General = scalar_isa::DenseRows<scalar_isa::Int8>;
  static constexpr int programs = 2, record_bytes = 12;
  static constexpr bool holds_weights = true;

  static constexpr int scratch(const GraphView& g, const Value& v) {
    return 4 * v.shape.channels + chunk_bytes * chunks_of(g.input(v).shape.row()) + 4;
  }
  static constexpr int stream_size(const GraphView& g, const Value& v) {  // at most
    const Shape in = g.input(v).shape;
    return v.shape.channels * (record_bytes + 20 * in.height * chunks_of(in.row())) + 4 * in.height;
  }
  static constexpr FilterLayout row_layout(const FilterLayout& whole, int row) {
    return {whole.outputs, row, whole.output_step, whole.tap_step};
  }
  static constexpr Parameters row_parameters(const Parameters& p, int first) {
    Parameters part = p;
    part.filter.int8 += first;
    return part;
  }

  // Corrections of an output.
  static constexpr int note(const GraphView& g, const Value& v, const Parameters& p, int o) {
    const Shape in = g.input(v).shape;
    const FilterLayout part = row_layout(v.weights, in.row());
    int count = 0;
    for (int r = 0; r < in.height; ++r)
      cut_weights(nullptr, part, row_parameters(p, r * in.row()), o,
                  [&](int, int, int) { ++count; });
    return count;
  }
  // Corrections of more weights take too long to list.
  static constexpr bool fits(const GraphView& g, const Value& v, const Parameters& p) {
    int corrected = 0;
    for (int o = 0; o < v.weights.outputs; ++o) {
      if (reach(v.weights, p, o, 0) < 0) return false;
      if (fold(g, v, p, o).note > 0) corrected += v.weights.taps;
    }
    return corrected <= 1 << 18;
  }
  static constexpr void pack(const GraphView& g, const Value& v, const Parameters& p, Writer& to) {
    const FilterLayout layout = v.weights;
    const Shape in = g.input(v).shape;
    if (!fits(g, v, p)) {
      to.program = scalar;
      return General::pack(g, v, p, to);
    }
    to.program = sums;
    const int start = to.at;
    for (int o = 0; o < layout.outputs; ++o) {
      const Channel channel = fold(g, v, p, o);
      to.put(channel.bias);
      to.put(channel.multiplier.multiplier);
      to.put(static_cast<std::int32_t>(channel.multiplier.shift));
    }
    Writer ends = to;
    to.at += 4 * in.height;
    const FilterLayout part = row_layout(layout, in.row());
    for (int r = 0; r < in.height; ++r)
      for (int o = 0; o < layout.outputs; ++o)
        if (!to.skips(4 * chunks_of(in.row())))
          put_weights(&to, part, row_parameters(p, r * in.row()), o);
    put_all_corrections(g, v, p, to, ends, start);
  }
  // `ends` says for each row where its corrections end.
  static constexpr void put_all_corrections(const GraphView& g, const Value& v, const Parameters& p,
                                            Writer& to, Writer& ends, int start) {
    const Shape in = g.input(v).shape;
    const FilterLayout layout = v.weights, part = row_layout(layout, in.row());
    int count = 0;
    for (int o = 0; o < layout.outputs; ++o) count += fold(g, v, p, o).note;
    if (ends.from >= ends.at + 4 * in.height && to.skips(8 * count)) return;
    for (int r = 0; r < in.height; ++r) {
      for (int o = 0; o < layout.outputs; ++o)
        if (fold(g, v, p, o).note > 0)
          cut_weights(
              nullptr, part, row_parameters(p, r * in.row()), o, [&](int word, int w, int chunk) {
                to.put(static_cast<std::int32_t>(static_cast<std::uint32_t>(o) << 16 |
                                                 static_cast<std::uint32_t>(4 * chunk + word)));
                to.put(static_cast<std::int32_t>(w));
              });
      ends.put(static_cast<std::int32_t>((to.at - start) / 4));
    }
  }

  static void correct(const Task& t, const Band& band, const std::byte* first,
                      const std::byte* end) {
    std::byte* const sums = band.scratch;
    const std::byte* const in = band.rows[0];
    for (; first != end; first += 8) {
      const auto place = load_aligned<std::uint32_t>(first);
      std::byte* sum = sums + 4 * (place >> 16);
      const std::int32_t x = load<std::int8_t>(in + (place & 0xffff));
      store_aligned(sum,
                    load_aligned<std::int32_t>(sum) + x * load_aligned<std::int32_t>(first + 4));
    }
    if (!band.last) return;
    for (int o = 0; o < t.out_channels; ++o) {
      const std::byte* record = t.stream + record_bytes * o;
      const Multiplier m{load_aligned<std::int32_t>(record + 4),
                         static_cast<int>(load_aligned<std::int32_t>(record + 8))};
      const std::int32_t acc = load_aligned<std::int32_t>(band.scratch + 4 * o);
      store(band.out[0] + o,
            static_cast<std::int8_t>(clamp(requantize(acc, m) + t.out_zero, {t.low, t.high})));
    }
  }

  template <int program> static void run(const Task& task, const Band& band) {
    if constexpr (program == scalar) {
      General::run(task, band);
    } else {
      const Task& t = task;
      const int inputs = t.in_width * t.in_channels, chunks = chunks_of(inputs);
      std::byte* const sums_end = band.scratch + 4 * t.out_channels;
      std::byte* const tile_end = sums_end + chunk_bytes * chunks;
      if (band.first)
        for (int o = 0; o < t.out_channels; ++o)
          store_aligned(band.scratch + 4 * o,
                        load_aligned<std::int32_t>(t.stream + record_bytes * o));
      SpreadStep spread{0, inputs, inputs / 4, 1};  // of one pixel; zeros would be set by a call
      if (inputs >= 4) Core::template spread<1>(sums_end, band.rows, &spread);
      if (const int left = inputs % 4; left != 0) {
        const std::byte* from = band.rows[0] + inputs - left;
        for (int i = 0; i < 4; ++i) tile_end[i] = i < left ? from[i] : std::byte{0};
        from = tile_end;
        spread.chunks = 1;
        Core::template spread<1>(tile_end - chunk_bytes, &from, &spread);
      }
      const std::byte* ends = t.stream + record_bytes * t.out_channels;
      const std::byte* weights = ends + 4 * t.in_height;
      const int row_bytes = 4 * chunks * t.out_channels;
      const DenseStep step{sums_end, tile_end, band.scratch, sums_end};
      Core::template accumulate<unroll>(weights + row_bytes * band.step, &step);
      const std::byte* first = band.step == 0 ? weights + row_bytes * t.in_height
                                              : t.stream + 4 * end_of(ends, band.step - 1);
      correct(t, band, first, t.stream + 4 * end_of(ends, band.step));
    }
  }
  static std::int32_t end_of(const std::byte* ends, int row) {
    return load_aligned<std::int32_t>(ends + 4 * row);
  }
};

// Rows of 28, as digits have them, in one go.
constexpr int dense_unroll(int chunks) {
  return chunks % 4 != 0 && chunks % 7 == 0 ? 7 : unroll_of(chunks);
}

template <class Core> struct Denses {
  static constexpr const char* name = "thumb.dense";
  static constexpr bool serves(const GraphView& g, int value) {
    return makes<std::int8_t>(g, value, op::dense) && g.input(g[value]).shape.row() < 65536;
  }
  template <const auto& graph, int value> static constexpr auto kernel() {
    constexpr GraphView g = graph.view();
    constexpr int chunks = chunks_of(g.input(g[value]).shape.row());
    return DenseRows<Core, dense_unroll(chunks)>{};
  }
};

}  // namespace graven::core::thumb_isa
