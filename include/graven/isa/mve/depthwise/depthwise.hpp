// Depthwise convolution.
#pragma once

#if defined(__ARM_FEATURE_MVE)

#include "graven/isa/mve/conv/inputs.hpp"
#include "graven/isa/mve/depthwise/taps9.hpp"
#include "graven/isa/scalar/channels.hpp"
#include "graven/kernel/prefer.hpp"
#include "graven/layers/depthwise_conv2d.hpp"

namespace graven::core::mve_isa {

enum class Blocks {
  wide,    // channels are a multiple of 16
  narrow,  // at most 8 channels, or 16, and stride 1: a block holds several pixels
  masked   // the last block of a pixel is not whole
};

// 3x3 filters, also dilated. Scratch: a pixel of padding. `few`: channels, where blocks are narrow.
template <Blocks kind, int few, bool nibbles> struct Depthwise3x3 {
  static constexpr int together = 16 / few;    // pixels of a block
  static constexpr int step = together * few;  // lanes of a block
  static constexpr int programs = all_programs;
  static constexpr bool holds_weights = true;

  static constexpr int scratch(const GraphView& g, const Value& v) {
    return round_up(g.input(v).shape.channels, 4);
  }
  static constexpr int blocks(int channels) { return round_up(channels, 16) / 16; }
  static constexpr int stream_size(const GraphView&, const Value& v) {
    return blocks(v.shape.channels) * block_bytes(general, nibbles);
  }

  // Sums of two products fit 16 bits but for -128 * -128 twice.
  static constexpr bool pairs_fit(const Value& v, const Parameters& p) {
    if (nibbles) return true;
    const FilterLayout layout = v.weights;
    for (int o = 0; o < layout.outputs; ++o)
      for (int k = 0; k < 8; k += 2)
        if (p.filter.int8[layout.index(o, k)] == -128 &&
            p.filter.int8[layout.index(o, k + 1)] == -128)
          return false;
    return true;
  }
  static constexpr void pack(const GraphView& g, const Value& v, const Parameters& p, Writer& to) {
    const FilterLayout layout = v.weights;
    const Clamp range = range_of(v);
    const int channels = v.shape.channels;
    const int program = pairs_fit(v, p) ? cheapest(g, v, p) : general;
    to.program = program;
    for (int first = 0; first < channels; first += 16) {
      Channel lanes[16]{};
      int of[16]{};
      for (int lane = 0; lane < 16; ++lane) {
        of[lane] = kind != Blocks::narrow ? first + lane : lane < step ? lane % few : channels;
        if (of[lane] >= channels) continue;
        lanes[lane] = fold(g, v, p, of[lane]);
      }
      auto each = [&](auto put) {
        for (int i = 0; i < 16; ++i) put(lanes[lane_of(i)]);
      };
      if (program == general) each([&](const Channel& c) { to.put(left_shift(c)); });
      each([&](const Channel& c) { to.put(right_shift(c)); });
      const auto weight = [&](int o, int k) {
        return o < channels && k < 9 ? p.filter.int8[layout.index(o, k)] : std::int8_t{0};
      };
      for (int k = 0; k < 9; k += nibbles ? 2 : 1)
        for (int o : of)
          to.put(nibbles ? two_nibbles(weight(o, k), weight(o, k + 1)) : weight(o, k));
      each([&](const Channel& c) { to.put(c.bias); });
      each([&](const Channel& c) { to.put(c.multiplier.multiplier); });
      for (int i = 0; i < 16 && program == general; ++i)
        to.put(static_cast<std::int8_t>(range.low));
      for (int i = 0; i < 16 && program == general; ++i)
        to.put(static_cast<std::int8_t>(range.high));
    }
  }

  struct Row {
    const Task& t;
    const Band& band;
    TapsJob job;

    Row(const Task& task, const Band& the_band, int program) : t(task), band(the_band) {
      const int channels = t.in_channels;
      job.weights = t.stream + weights_at(program);
      job.zero = t.out_zero;
      job.blocks = blocks(channels);
      job.lanes = channels;
      job.skip = t.stride_width * channels - 16 * job.blocks;
      job.out_skip = channels - 16 * job.blocks;
      job.left_until = job.right_from = 0;
      job.padding = band.scratch;
      fill(band.scratch, t.in_zero, channels);
    }
    void taps_at(int x) {
      const int first = x * t.stride_width - t.left, pixel = t.in_channels;
      const int next = t.dilation_width;
      const std::byte* const padding = band.scratch;
      auto exists = [&](int column) { return column >= 0 && column < t.in_width; };
      const bool a = exists(first), b = exists(first + next), c = exists(first + 2 * next);
      const std::byte** tap = job.taps;
      for (int ky = 0; ky < 3; ++ky, tap += 3) {
        const bool row = band.rows[ky] != nullptr;
        const std::byte* at = band.rows[ky] + first * pixel;
        tap[0] = row && a ? at : padding;
        tap[1] = row && b ? at + next * pixel : padding;
        tap[2] = row && c ? at + 2 * next * pixel : padding;
      }
      job.out = band.out[0] + x * pixel;
    }
    template <int program> void run_alone() {
      job.pixels = 1;
      taps9<program, nibbles, kind != Blocks::wide, false>(&job);
    }
    // All pixels, where none but the first lacks its first column, and none but the last its last.
    template <int program> void run_all(bool left, bool right) {
      taps_at(0);
      job.pixels = t.out_width;
      job.left_until = left ? t.out_width - 1 : 0;
      job.right_from = right ? 1 : 0;
      for (int ky = 0; ky < 3; ++ky)
        job.inner[ky] = band.rows[ky] + (t.stride_width - t.left) * t.in_channels;
      taps9<program, nibbles, kind == Blocks::masked, false>(&job);
    }
    // Pixels that lie inside of the input.
    template <int program> void run_inside(int pixels) {
      job.pixels = pixels;
      if constexpr (kind != Blocks::narrow) {
        taps9<program, nibbles, kind == Blocks::masked, false>(&job);
      } else {
        // What a block stores beyond its pixels the next one overwrites.
        const int channels = t.in_channels, whole = (pixels - (step < 16)) / together;
        if (whole > 0) {
          job.blocks = whole;
          job.pixels = 1;
          taps9<program, nibbles, false, true, step>(&job);
          for (const std::byte*& tap : job.taps) tap += step * whole;
          job.out += step * whole;
          job.blocks = 1;
        }
        job.lanes = (pixels - whole * together) * channels;
        if (job.lanes > 0) run_alone<program>();
        job.lanes = channels;
      }
    }
  };

  template <int program> static void run(const Task& task, const Band& band) {
    const Task t = task;
    Row row(t, band, program);
    const int reach = t.in_width - 1 - 2 * t.dilation_width + t.left;  // of the last one inside
    int first = (t.left + t.stride_width - 1) / t.stride_width;
    int end = reach < 0 ? 0 : reach / t.stride_width + 1;
    if (end > t.out_width) end = t.out_width;
    const bool rows = band.rows[0] != nullptr && band.rows[1] != nullptr && band.rows[2] != nullptr;
    const int middle = (t.out_width - 1) * t.stride_width - t.left + t.dilation_width;
    if (kind != Blocks::narrow && rows && first < end && first <= 1 && t.left <= t.dilation_width &&
        t.out_width - end <= 1 && middle < t.in_width)
      return row.template run_all<program>(first == 1, end < t.out_width);
    if (!rows) first = t.out_width;
    for (int x = 0; x < t.out_width;) {
      row.taps_at(x);
      if (x >= first && x < end) {
        row.template run_inside<program>(end - x);
        x = end;
      } else {
        row.template run_alone<program>();
        ++x;
      }
    }
  }
};

constexpr Blocks blocks_of(const Value& v) {
  const int channels = v.shape.channels;
  if ((channels <= 8 || channels == 16) && v.stride.width == 1) return Blocks::narrow;
  return channels % 16 == 0 ? Blocks::wide : Blocks::masked;
}

struct Depthwises3x3 {
  static constexpr const char* name = "mve.depthwise3x3";
  static constexpr bool serves(const GraphView& g, int value) {
    const Value& v = g[value];
    return (makes<std::int8_t>(g, value, op::depthwise) || has_nibbles(g, value)) &&
           v.filter == Extent(3) && keeps_channels(g, v);
  }
  template <const auto& graph, int value> static constexpr auto kernel() {
    constexpr const Value& v = graph.values[value];
    constexpr Blocks blocks = blocks_of(v);
    return Depthwise3x3<blocks, (blocks == Blocks::narrow ? v.shape.channels : 16),
                        has_nibbles(graph.view(), value)>{};
  }
  static constexpr bool has_nibbles(const GraphView& g, int value) {
    return scalar_isa::computes<scalar_isa::Int8x4>(g, value, op::depthwise);
  }
};

}  // namespace graven::core::mve_isa

#endif
