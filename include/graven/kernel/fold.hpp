// From canonical weights to what an integer kernel adds and multiplies: the folded bias and the
// multiplier of each output channel, and the proof that no accumulator can overflow.
#pragma once

#include "graven/graph/value.hpp"

#include <cstdint>
#include <limits>

namespace graven::core {

namespace detail {
inline void extremes_are_not_known() {}  // no constant: an instruction set should have asked
}  // namespace detail

struct Channel {
  std::int32_t bias = 0;  // with -zero_point_in * sum(filter) folded in
  std::int32_t plain_bias = 0;
  Multiplier multiplier{};
  bool overflows = false;
  bool outside = false;  // is a weight of int4 none?
  int sum = 0;           // of the weights
  int note = 0;          // what the kernel wants to know of its weights (Kernel::note)
  // Of instruction sets that ask for them (Isa::asks_extremes): they cost a compiler as much as
  // the sum does.
  struct Extremes {
    bool known = false;
    bool lowest = false;         // is a weight -128?
    std::int64_t magnitude = 0;  // the sum of the weights' magnitudes
  } extremes{};

  constexpr bool has_lowest() const {
    if (!extremes.known) detail::extremes_are_not_known();
    return extremes.lowest;
  }
  constexpr std::int64_t magnitude() const {
    if (!extremes.known) detail::extremes_are_not_known();
    return extremes.magnitude;
  }
};

// scale_in * scale_filter / scale_out as TFLM computes it, in double; for a Dense layer with one
// filter scale the product is rounded to float first (fully_connected_common.cc), and so it is for
// weights that were uint8 (TFLite's GetQuantizedConvolutionMultipler).
constexpr Multiplier channel_multiplier(const GraphView& graph, const Value& value,
                                        const Parameters& params, int output) {
  const float in = graph.source(value).quant.scale;
  if (params.scale.size == 0) return {};
  const float filter = params.scale.float32[params.scale.size == 1 ? 0 : output];
  const bool rounds = value.weights.rounds_scale || params.filter.int16 != nullptr;
  const double product = rounds && params.scale.size == 1
                             ? static_cast<double>(in * filter)
                             : static_cast<double>(in) * static_cast<double>(filter);
  return quantize_multiplier(product / static_cast<double>(value.quant.scale));
}

constexpr std::int64_t larger(std::int64_t a, std::int64_t b) { return a > b ? a : b; }

// The accumulator starts at the folded bias and adds x * w for x in [-128, 127] in any order: all
// partial sums lie between the two extremes. A sum that is not centred may also start at the plain
// bias and add (x - zero) * w.
constexpr bool can_overflow(std::int64_t above, std::int64_t below, std::int64_t bias, int zero,
                            bool uncentred) {
  constexpr std::int64_t most = (std::numeric_limits<std::int32_t>::max)();
  const std::int64_t folded = bias - zero * (above + below);
  const std::int64_t plain = uncentred ? 255 * (above - below) : 0;
  return larger(folded + 127 * above - 128 * below, bias + plain) > most ||
         larger(-folded + 128 * above - 127 * below, plain - bias) > most + 1;
}

// What is known of an output's weights before they are read, and what is asked.
struct Known {
  bool extremes = true;  // are they wanted?
  bool summed = false;   // is `sum` that of the weights?
  int sum = 0;
};

// Sums of weights, in pieces: compilers limit how often a loop may run. Eight at a time, because a
// loop's own operations cost the compiler as much as a weight. A piece's sum fits an int.
inline constexpr int weights_in_piece = 1 << 15;
constexpr int in_piece(int left) { return left < weights_in_piece ? left : weights_in_piece; }
template <class Weight> constexpr int sum_piece(const Weight* w, int count, int step) {
  int sum = 0, k = 0;
  for (; k + 8 <= count && step == 1; k += 8, w += 8)
    sum += w[0] + w[1] + w[2] + w[3] + w[4] + w[5] + w[6] + w[7];
  for (int i = 0; k + i < count; ++i) sum += w[i * step];
  return sum;
}
template <class Weight> constexpr std::int64_t sum_weights(const Weight* w, int count, int step) {
  std::int64_t sum = 0;
  for (int start = 0; start < count; start += weights_in_piece)
    sum += sum_piece(w + start * step, in_piece(count - start), step);
  return sum;
}
// Their magnitudes, as above. Local variables, for the compiler's time and memory.
template <class Weight>
constexpr void add_magnitudes(Channel::Extremes& all, const Weight* w, int count, int step) {
  int sum = 0, k = 0;
  bool lowest = false;
  for (; k + 4 <= count && step == 1; k += 4, w += 4) {
    const int a = w[0], b = w[1], c = w[2], d = w[3];
    sum += (a < 0 ? -a : a) + (b < 0 ? -b : b) + (c < 0 ? -c : c) + (d < 0 ? -d : d);
    lowest = lowest || a == -128 || b == -128 || c == -128 || d == -128;
  }
  for (int i = 0; k + i < count; ++i) {
    const int x = w[i * step];
    sum += x < 0 ? -x : x;
    lowest = lowest || x == -128;
  }
  all.magnitude += sum;
  all.lowest = all.lowest || lowest;
}
template <class Weight>
constexpr Channel::Extremes extremes_of(const Weight* w, int count, int step) {
  Channel::Extremes all{.known = true};
  for (int start = 0; start < count; start += weights_in_piece)
    add_magnitudes(all, w + start * step, in_piece(count - start), step);
  return all;
}

// A bias of int32 or int64; 0 where there is none.
constexpr std::int64_t bias_of(const Parameters& params, int output) {
  if (params.bias.size == 0) return 0;
  return params.bias.int64 != nullptr ? params.bias.int64[output] : params.bias.int32[output];
}

// Can a sum of int16 elements leave the 48 bits that requantize_wide takes, or its multiplier the
// shifts?
constexpr bool can_overflow_wide(const GraphView& graph, const Value& value,
                                 const Parameters& params, int output) {
  constexpr std::int64_t most = std::int64_t{1} << 46;
  const std::int64_t bias = bias_of(params, output);
  return bias > most || bias < -most || value.weights.taps >= 1 << 23 ||
         channel_multiplier(graph, value, params, output).shift > 7;
}

// The sum of an output's weights, and whether its accumulator can overflow: that it cannot, a bound
// from the sum proves nearly always, else their magnitudes say.
template <class Weight>
constexpr void weigh(Channel& c, const Weight* w, const FilterLayout& layout, std::int64_t bias,
                     int zero, bool uncentred, const Known& known) {
  const int taps = layout.taps, step = layout.tap_step;
  const std::int64_t sum = known.summed ? known.sum : sum_weights(w, taps, step);
  c.sum = static_cast<int>(sum);  // of what does not overflow
  if (!known.extremes) {
    constexpr std::int64_t largest = (std::numeric_limits<Weight>::max)();
    const std::int64_t above = largest * taps;
    c.overflows = can_overflow(above, sum - above, bias, zero, uncentred);
    if (!c.overflows) return;
  }
  c.extremes = extremes_of(w, taps, step);
  const std::int64_t above = (c.extremes.magnitude + sum) / 2;
  c.overflows = can_overflow(above, sum - above, bias, zero, uncentred);
}

// Packing folds all outputs of a layer once, and looks them up then (Parameters::folded).
constexpr Channel fold(const GraphView& graph, const Value& value, const Parameters& params,
                       int output, const Known& known = {}) {
  if (params.folded != nullptr) return params.folded[output];
  const FilterLayout layout = value.weights;
  const int zero = graph.source(value).quant.zero_point, first = layout.index(output, 0);
  const std::int64_t bias = params.bias.size > 0 ? params.bias.int32[output] : 0;
  const bool uncentred = value.op.has(Trait::uncentred);
  Channel c;
  if (params.filter.int16 != nullptr)
    weigh(c, params.filter.int16 + first, layout, bias, zero, uncentred, known);
  else
    weigh(c, params.filter.int8 + first, layout, bias, zero, uncentred, known);
  if (layout.element == Element::int4)
    for (int k = 0; k < layout.taps; ++k) {
      const int w = params.filter.int8[layout.index(output, k)];
      c.outside = c.outside || w < -8 || w > 7;
    }
  if (!c.overflows) c.bias = static_cast<std::int32_t>(bias - std::int64_t{zero} * c.sum);
  c.plain_bias = static_cast<std::int32_t>(bias);
  c.multiplier = channel_multiplier(graph, value, params, output);
  return c;
}

}  // namespace graven::core
