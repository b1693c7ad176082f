// Row kernels of LayerNorm and RMSNorm.
#pragma once

#include "graven/floating_point.hpp"
#include "graven/kernel/prefer.hpp"
#include "graven/layers/layer_norm.hpp"
#include "graven/quant.hpp"

#include <limits>

namespace graven::core::scalar_isa {

// Element c of the layer's constant of that name, or what stands for it.
constexpr float factor_of(const Parameters& p, const char* name, int c, float otherwise) {
  const int index = p.find(name);
  return index < 0 ? otherwise : p.constants[index].data.float32[c];
}

// A pixel of float32: its mean, or 0 where it stays; the root of its variance about that plus
// epsilon. Elements become (x - mean) / length.
struct Normalized {
  float mean = 0, length = 0;

  constexpr Normalized(const std::byte* in, int count, bool centred, float epsilon) {
    const float share = static_cast<float>(count);
    float sum = 0, squares = 0;
    for (int c = 0; centred && c < count; ++c) sum += load<float>(in + 4 * c);
    mean = sum / share;
    for (int c = 0; c < count; ++c) {
      const float difference = load<float>(in + 4 * c) - mean;
      squares += difference * difference;
    }
    length = floating_point::sqrt(squares / share + epsilon);
  }
  constexpr float operator()(const std::byte* element) const {
    return (load<float>(element) - mean) / length;
  }
};

// Stream: int32 centred; float epsilon; per channel gamma and beta.
struct LayerNormFloat32 : PlainKernel {
  static constexpr const char* name = "scalar.layer_norm";
  static constexpr bool holds_weights = true;
  static constexpr bool serves(const GraphView& g, int value) {
    return makes<float>(g, value, op::layer_norm);
  }
  static constexpr int stream_size(const GraphView&, const Value& v) {
    return 8 + 8 * v.shape.channels;
  }
  static constexpr void pack(const GraphView&, const Value& v, const Parameters& p, Writer& to) {
    const auto options = v.options.get<LayerNormOptions>();
    to.put<std::int32_t>(options.centred);
    to.put(options.epsilon);
    for (int c = 0; c < v.shape.channels; ++c) {
      to.put(factor_of(p, "gamma", c, 1));
      to.put(factor_of(p, "beta", c, 0));
    }
  }

  static constexpr void run(const Task& task, const Band& band) {
    const bool centred = load_aligned<std::int32_t>(task.stream) != 0;
    const float epsilon = load_aligned<float>(task.stream + 4);
    const int count = task.out_channels;
    const std::byte* in = band.rows[0];
    std::byte* out = band.out[0];
    for (int x = task.out_width; x > 0; --x, in += 4 * count, out += 4 * count) {
      const Normalized h(in, count, centred, epsilon);
      const std::byte* factors = task.stream + 8;
      for (int c = 0; c < 4 * count; c += 4, factors += 8)
        store(out + c, h(in + c) * load_aligned<float>(factors) + load_aligned<float>(factors + 4));
    }
  }
};

// Integers: n * sum(x^2) - sum(x)^2, x less the zero point, is n^2 variances. Stream: int32
// centred; float scale of the input, epsilon; per channel gamma and beta in steps of the output.
template <class In, class Out> struct LayerNormIntegers : PlainKernel {
  static constexpr const char* name = "scalar.layer_norm";
  static constexpr bool holds_weights = true;
  static constexpr bool serves(const GraphView& g, int value) {
    return converts<In, Out>(g, value, op::layer_norm);
  }
  static constexpr int stream_size(const GraphView&, const Value& v) {
    return 12 + 8 * v.shape.channels;
  }
  static constexpr void pack(const GraphView& g, const Value& v, const Parameters& p, Writer& to) {
    const auto options = v.options.get<LayerNormOptions>();
    to.put<std::int32_t>(options.centred);
    to.put(g.source(v).quant.scale);
    to.put(options.epsilon);
    for (int c = 0; c < v.shape.channels; ++c) {
      to.put(factor_of(p, "gamma", c, 1) / v.quant.scale);
      to.put(factor_of(p, "beta", c, 0) / v.quant.scale);
    }
  }

  // What a pixel's elements are multiplied by, and their mean, in steps of the input.
  struct Line {
    float mean, factor;
  };
  static constexpr Line line(const Task& t, const std::byte* in, int count) {
    std::int64_t sum = 0, squares = 0;
    for (int c = 0; c < count; ++c) {
      const std::int32_t x = load<In>(in + c * int{sizeof(In)}) - t.in_zero;
      sum += x;
      squares += std::int64_t{x} * x;
    }
    if (load_aligned<std::int32_t>(t.stream) == 0) sum = 0;
    const float scale = load_aligned<float>(t.stream + 4);
    const float share = static_cast<float>(count);
    const float steps = static_cast<float>(count * squares - sum * sum) / (share * share);
    const float length =
        floating_point::sqrt(steps * (scale * scale) + load_aligned<float>(t.stream + 8));
    // Without length nothing differs from the mean.
    return {static_cast<float>(sum) / share, length > 0 ? scale / length : 0.0f};
  }
  static constexpr void run(const Task& task, const Band& band) {
    const Task t = task;
    constexpr Clamp range{(std::numeric_limits<Out>::min)(), (std::numeric_limits<Out>::max)()};
    const int count = t.out_channels;
    const std::byte* in = band.rows[0];
    std::byte* out = band.out[0];
    for (int x = t.out_width; x > 0; --x) {
      const Line found = line(t, in, count);
      const std::byte* factors = t.stream + 12;
      for (int c = 0; c < count; ++c, in += sizeof(In), out += sizeof(Out), factors += 8) {
        const float difference = static_cast<float>(load<In>(in) - t.in_zero) - found.mean;
        const float y = difference * found.factor * load_aligned<float>(factors) +
                        load_aligned<float>(factors + 4);
        const float most = 65536, bounded = y < most ? (y > -most ? y : -most) : most;
        store(out, static_cast<Out>(clamp(detail::round_away(bounded) + t.out_zero, range)));
      }
    }
  }
};

}  // namespace graven::core::scalar_isa
