// Layers whose weights are values: what they have in common with inference is the window alone.
#pragma once

#include "graven/floating_point.hpp"
#include "graven/graph/training.hpp"
#include "graven/isa/scalar/recurrent.hpp"
#include "graven/isa/scalar/training/sums.hpp"
#include "graven/kernel/gather.hpp"
#include "graven/kernel/prefer.hpp"

namespace graven::core::scalar_isa {

// Weights and biases, in the State or in flash; nothing runs. Stream: the record's filter as the
// value's FilterLayout puts it, or its bias.
struct Weights : PlainKernel {
  static constexpr const char* name = "training.weights";
  static constexpr bool holds_weights = true;
  static constexpr bool serves(const GraphView& g, int value) {
    const Value& v = g[value];
    return (v.op == op::state || v.op == op::constant) && v.weights.outputs > 0;
  }
  // What the record does not have is zero; a State needs no stream for that.
  static constexpr int stream_size(const GraphView&, const Value& v) {
    const bool is_given = v.weights.element == Element::float32;
    return is_given || v.op == op::constant ? 4 * v.shape.size() : 0;
  }
  static constexpr void pack(const GraphView&, const Value& v, const Parameters& p, Writer& to) {
    const auto array = v.options.get<WeightOptions>().array;
    if (array == WeightOptions::cell) return pack_cell(v.shape, p, to);
    if (array == WeightOptions::cell_bias) return pack_cell_bias(v.shape, p, to);
    const Array& from = array_of(array, p);
    const Shape s = v.shape;
    if (from.size == 0)
      for (int i = 0; i < s.size(); ++i) to.put(array == WeightOptions::gamma ? 1.0f : 0.0f);
    for (int r = 0; from.size > 0 && r < s.height; ++r)
      for (int o = 0; o < s.width; ++o)
        to.copy(from.float32 + v.weights.index(o, r * s.channels), s.channels, v.weights.tap_step);
  }
  static constexpr const Array& array_of(WeightOptions::Array array, const Parameters& p) {
    constexpr const char* names[]{"gamma", "beta", "table"};
    if (array == WeightOptions::filter || array == WeightOptions::bias)
      return array == WeightOptions::bias ? p.bias : p.filter;
    const int index = p.find(names[array - WeightOptions::gamma]);
    return index >= 0 ? p.constants[index].data : no_parameters.filter;
  }
  // As op::tuned_gru wants them.
  static constexpr void pack_cell(Shape s, const Parameters& p, Writer& to) {
    const int units = s.width / 3, inputs = s.channels - units;
    const bool has_gates = p.find(GRU<1>::gates[0].input) >= 0;
    for (int i = 0; !has_gates && i < s.size(); ++i) to.put(0.0f);
    for (int u = 0; has_gates && u < units; ++u)
      for (const Gate& gate : GRU<1>::gates) {
        to.copy(constant_of(p, gate.input).data.float32 + u * inputs, inputs);
        to.copy(constant_of(p, gate.recurrent).data.float32 + u * units, units);
      }
  }
  static constexpr void pack_cell_bias(Shape s, const Parameters& p, Writer& to) {
    const int units = s.channels / 4;
    for (const char* each :
         {GRU<1>::gates[0].bias, GRU<1>::gates[1].bias, GRU<1>::gates[2].bias, "recurrent_bias"}) {
      if (p.find(each) >= 0)
        to.copy(constant_of(p, each).data.float32.at, units);
      else
        for (int u = 0; u < units; ++u) to.put(0.0f);
    }
  }
  static constexpr void run(const Task&, const Band&) {}
};

// Stream: float low, high. What the three of them do with weights and an activation.
struct Tuned : PlainKernel {
  static constexpr int stream_size(const GraphView&, const Value&) { return 8; }
  static constexpr void pack(const GraphView&, const Value& v, const Parameters&, Writer& to) {
    const RealClamp range = real_range(v.activation);
    to.put(range.low);
    to.put(range.high);
  }
  static constexpr RealClamp range(const Task& t) {
    return {load_aligned<float>(t.stream), load_aligned<float>(t.stream + 4)};
  }
  // clamp() as processors with vectors have it: what a ReLU lets through is no branch's to guess.
  static constexpr float limited(float x, RealClamp c) {
    const float above = c.low > x ? c.low : x;
    return c.high < above ? c.high : above;
  }
};

struct TunedConv : Tuned {
  static constexpr const char* name = "training.conv";
  static constexpr bool serves(const GraphView& g, int value) {
    return makes<float>(g, value, op::tuned_conv);
  }
  static constexpr int scratch(const GraphView& g, const Value& v) { return patch_bytes(g, v); }

  static constexpr void run(const Task& task, const Band& band) {
    const Task t = task;
    const RealClamp clamped = range(t);
    const int taps = t.rows * t.filter_width * t.in_channels;
    const std::byte *weights = band.rows[t.rows], *bias = band.rows[t.rows + 1];
    std::byte* out = band.out[0];
    for (int x = 0; x < t.out_width; ++x) {
      each_product(gather<float>(t, band, x, 0), weights, taps, t.out_channels,
                   [&](int o, float sum) {
                     store(out + 4 * o, limited(load<float>(bias + 4 * o) + sum, clamped));
                   });
      out += 4 * t.out_channels;
    }
  }
};

// Weights tap by tap; outputs of one input channel side by side.
struct TunedDepthwise : Tuned {
  static constexpr const char* name = "training.depthwise";
  static constexpr bool serves(const GraphView& g, int value) {
    return makes<float>(g, value, op::tuned_depthwise);
  }
  static constexpr int scratch(const GraphView& g, const Value& v) { return patch_bytes(g, v); }

  static constexpr void run(const Task& task, const Band& band) {
    const Task t = task;
    const RealClamp clamped = range(t);
    const int taps = t.rows * t.filter_width, multiplier = t.out_channels / t.in_channels;
    const std::byte *weights = band.rows[t.rows], *bias = band.rows[t.rows + 1];
    std::byte* out = band.out[0];
    for (int x = 0; x < t.out_width; ++x) {
      const std::byte* patch = gather<float>(t, band, x, 0);
      for (int o = 0; o < t.out_channels; ++o, out += 4) {
        const std::byte *in = patch + o / multiplier * 4, *w = weights + 4 * o;
        float sum = load<float>(bias + 4 * o);
        for (int tap = 0; tap < taps; ++tap, in += 4 * t.in_channels, w += 4 * t.out_channels)
          sum += load<float>(in) * load<float>(w);
        store(out, limited(sum, clamped));
      }
    }
  }
};

// Running sums in scratch: step r adds row r of the input times row r of the weights.
struct TunedDense : Tuned {
  static constexpr const char* name = "training.dense";
  static constexpr bool serves(const GraphView& g, int value) {
    return makes<float>(g, value, op::tuned_dense);
  }
  static constexpr int scratch(const GraphView&, const Value& v) { return 4 * v.shape.channels; }

  static constexpr void run(const Task& task, const Band& band) {
    const Task t = task;
    const RealClamp clamped = range(t);
    const int row = t.in_width * t.in_channels;
    const std::byte* bias = band.rows[2];
    each_product(band.rows[0], band.rows[1], row, t.out_channels, [&](int o, float product) {
      std::byte* const sum = band.scratch + 4 * o;
      const float after = load<float>(band.first ? bias + 4 * o : sum) + product;
      if (band.last)
        store(band.out[0] + 4 * o, limited(after, clamped));
      else
        store(sum, after);
    });
  }
};

// Softmax of floating_point.hpp's exp, beta 1.
struct TunedSoftmax : PlainKernel {
  static constexpr const char* name = "training.softmax";
  static constexpr bool serves(const GraphView& g, int value) {
    return makes<float>(g, value, op::tuned_softmax);
  }
  static constexpr void run(const Task& task, const Band& band) {
    const int classes = task.out_channels;
    const std::byte* in = band.rows[0];
    std::byte* out = band.out[0];
    for (int x = 0; x < task.out_width; ++x, in += 4 * classes, out += 4 * classes) {
      float most = load<float>(in), sum = 0;
      for (int c = 1; c < classes; ++c)
        if (const float score = load<float>(in + 4 * c); score > most) most = score;
      for (int c = 0; c < classes; ++c) {
        const float share = floating_point::exp(load<float>(in + 4 * c) - most);
        store(out + 4 * c, share);
        sum += share;
      }
      for (int c = 0; c < classes; ++c) store(out + 4 * c, load<float>(out + 4 * c) / sum);
    }
  }
};

}  // namespace graven::core::scalar_isa
