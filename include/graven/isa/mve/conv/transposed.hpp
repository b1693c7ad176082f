// Transposed convolutions, part by part (shared/transposed.hpp).
#pragma once

#if defined(__ARM_FEATURE_MVE)

#include "graven/isa/mve/conv/conv.hpp"
#include "graven/isa/shared/transposed.hpp"

#include <utility>

namespace graven::core::mve_isa {

// Stream, by remainders of rows and columns: Conv's groups.
template <TransposedShape shape> struct Transposed {
  static constexpr int programs = all_programs;
  static constexpr bool holds_weights = true;
  static constexpr int heights = shape.stride.height, widths = shape.stride.width;

  static constexpr Inputs inputs_of(int r, int c) {
    return window_inputs({shape.rows(r), shape.columns(c) * shape.inputs, true}, shape.outputs);
  }
  template <int r, int c> using Part = Conv<inputs_of(r, c)>;
  static constexpr int start(int r, int c, int program) {
    int at = 0;
    for (int y = 0; y < heights; ++y)
      for (int x = 0; x < widths; ++x)
        if (y < r || (y == r && x < c))
          at += (shape.outputs + 3) / 4 * inputs_of(y, x).tile.group_bytes(program);
    return at;
  }

  // Calls part(r, c) for all remainders, as constants.
  template <class Each> static constexpr void for_all(Each part) {
    [&]<int... k>(std::integer_sequence<int, k...>) {
      (part.template operator()<k / widths, k % widths>(), ...);
    }
    (std::make_integer_sequence<int, heights * widths>{});
  }
  static constexpr int scratch(const GraphView& g, const Value& v) {
    int most = 0;
    for_all([&]<int r, int c>() {
      const int bytes = Part<r, c>::scratch(g, v);
      if (bytes > most) most = bytes;
    });
    return most;
  }
  static constexpr int stream_size(const GraphView&, const Value&) {
    return start(heights, 0, general);
  }
  static constexpr void pack(const GraphView& g, const Value& v, const Parameters& p, Writer& to) {
    const Program program = cheapest(g, v, p);
    to.program = program;
    for_all([&]<int r, int c>() {
      const auto weight = [&](int o, int k) {
        return static_cast<std::int8_t>(o < shape.outputs ? shape.weight(v, p, r, c, o, k) : 0);
      };
      for (int o = 0; o < shape.outputs; o += 4) {
        if (to.skips(Part<r, c>::tile.group_bytes(program))) continue;
        Channel channels[4]{};
        for (int i = 0; i < 4 && o + i < shape.outputs; ++i)
          channels[i] = shape.channel(g, v, p, r, c, o + i);
        Part<r, c>::put_group(channels, program, o, weight, to);
      }
    });
  }

  template <int program> static void run(const Task& task, const Band& band) {
    const int row = (band.step + shape.top) % heights;
    for_all([&]<int r, int c>() {
      if (r != row) return;
      TransposedPart part(shape, task, band, r, c);
      part.task.stream += start(r, c, program);
      std::byte* out = band.out[0] + part.first * shape.outputs;
      if (part.count > 0)
        Part<r, c>::template run_row<program>(part.task, part.band, out, shape.outputs * widths);
    });
  }
};

struct TransposedConvs {
  static constexpr const char* name = "mve.transpose_conv";
  static constexpr bool serves(const GraphView& g, int value) {
    return makes<std::int8_t>(g, value, op::transpose_conv);
  }
  template <const auto& graph, int value> static constexpr auto kernel() {
    return Transposed<TransposedShape(graph.view(), graph.values[value])>{};
  }
};

}  // namespace graven::core::mve_isa

#endif
