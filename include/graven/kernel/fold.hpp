// From canonical weights to what an integer kernel adds and multiplies: the folded bias and the
// multiplier of each output channel, and the proof that no accumulator can overflow.
#pragma once

#include "graven/graph/value.hpp"

#include <cstdint>
#include <limits>

namespace graven::core {

struct Channel {
  std::int32_t bias = 0;  // with -zero_point_in * sum(filter) folded in
  std::int32_t plain_bias = 0;
  Multiplier multiplier{};
  bool overflows = false;
};

// scale_in * scale_filter / scale_out as TFLM computes it, in double; for a Dense layer with one
// filter scale the product is rounded to float first (fully_connected_common.cc).
constexpr Multiplier channel_multiplier(const GraphView& graph, const Value& value,
                                        const Parameters& params, int output) {
  const float in = graph.source(value).quant.scale;
  if (params.scale.size == 0) return {};
  const float filter = params.scale.float32[params.scale.size == 1 ? 0 : output];
  const double product = value.weights.rounds_scale && params.scale.size == 1
                             ? static_cast<double>(in * filter)
                             : static_cast<double>(in) * static_cast<double>(filter);
  return quantize_multiplier(product / static_cast<double>(value.quant.scale));
}

constexpr std::int64_t larger(std::int64_t a, std::int64_t b) { return a > b ? a : b; }

constexpr int sum_of(const std::int8_t* w, int count, int step) {
  int sum = 0;
  if (step == 1)
    for (int k = 0; k < count; ++k) sum += w[k];
  else
    for (int k = 0; k < count; ++k) sum += w[k * step];
  return sum;
}

// The accumulator starts at the folded bias and adds x * w for x in [-128, 127] in any order: all
// partial sums lie between the two extremes. A depthwise sum may also start at the plain bias and
// add (x - zero) * w.
constexpr bool can_overflow(const std::int8_t* w, FilterLayout layout, std::int64_t bias, int zero,
                            bool plain) {
  constexpr std::int64_t most = (std::numeric_limits<std::int32_t>::max)();
  // Nearly always the largest weights that there could be do not overflow either.
  if (larger(bias, -bias) + std::int64_t{layout.taps} * (255 * 128) <= most) return false;
  std::int64_t above = 0, below = 0;  // sums of the positive and the negative weights
  for (int k = 0; k < layout.taps; ++k)
    (w[k * layout.tap_step] > 0 ? above : below) += w[k * layout.tap_step];
  const std::int64_t folded = bias - zero * (above + below);
  const std::int64_t uncentred = plain ? 255 * (above - below) : 0;
  return larger(folded + 127 * above - 128 * below, bias + uncentred) > most ||
         larger(-folded + 128 * above - 127 * below, uncentred - bias) > most + 1;
}

constexpr Channel fold(const GraphView& graph, const Value& value, const Parameters& params,
                       int output) {
  const FilterLayout layout = value.weights;
  const int zero = graph.source(value).quant.zero_point;
  const std::int8_t* w = params.filter.int8 + layout.index(output, 0);
  const std::int64_t bias = params.bias.size > 0 ? params.bias.int32[output] : 0;
  const std::int64_t folded = bias - std::int64_t{zero} * sum_of(w, layout.taps, layout.tap_step);
  const bool overflows = can_overflow(w, layout, bias, zero, value.op.has(Trait::uncentred));
  return {overflows ? 0 : static_cast<std::int32_t>(folded), static_cast<std::int32_t>(bias),
          channel_multiplier(graph, value, params, output), overflows};
}

}  // namespace graven::core
