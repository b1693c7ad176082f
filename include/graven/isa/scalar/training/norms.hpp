// LayerNorm and RMSNorm whose gamma and beta are values: forward, back, and what they learn.
#pragma once

#include "graven/isa/scalar/layer_norm.hpp"
#include "graven/isa/scalar/training/updates.hpp"

namespace graven::core::scalar_isa {

// Stream: float epsilon; int32 centred.
struct Norms : PlainKernel {
  static constexpr int stream_size(const GraphView&, const Value&) { return 8; }
  static constexpr void pack(const GraphView&, const Value& v, const Parameters&, Writer& to) {
    put(v.options.get<LayerNormOptions>(), to);
  }
  static constexpr void put(const LayerNormOptions& options, Writer& to) {
    to.put(options.epsilon);
    to.put<std::int32_t>(options.centred);
  }
  static constexpr Normalized of(const std::byte* stream, const std::byte* x, int count) {
    return {x, count, load_aligned<std::int32_t>(stream + 4) != 0, load_aligned<float>(stream)};
  }
};

struct TunedNorm : Norms {
  static constexpr const char* name = "training.norm";
  static constexpr bool serves(const GraphView& g, int value) {
    return makes<float>(g, value, op::tuned_norm);
  }
  static constexpr void run(const Task& task, const Band& band) {
    const Task t = task;
    const int pixel = 4 * t.out_channels;
    const std::byte *in = band.rows[0], *gamma = band.rows[t.rows], *beta = band.rows[t.rows + 1];
    std::byte* out = band.out[0];
    for (int x = 0; x < t.out_width; ++x, in += pixel, out += pixel) {
      const Normalized h = of(t.stream, in, t.out_channels);
      for (int c = 0; c < pixel; c += 4)
        store(out + c, h(in + c) * load<float>(gamma + c) + load<float>(beta + c));
    }
  }
};

// With g' = g * gamma and the normalized h, dx = (g' - mean(g') - h * mean(g' * h)) / length, the
// first mean only where it is centred, pixel by pixel.
struct NormGradient : Norms {
  static constexpr const char* name = "training.norm_gradient";
  static constexpr bool serves(const GraphView& g, int value) {
    return makes<float>(g, value, op::norm_gradient);
  }
  static constexpr void run(const Task& task, const Band& band) {
    const Task t = task;
    std::byte* out = band.out[0];
    const std::byte *g = band.rows[0], *x = band.rows[t.rows], *gamma = band.rows[t.rows + 1];
    const int pixel = 4 * t.out_channels;
    for (int i = 0; i < t.out_width; ++i, g += pixel, x += pixel, out += pixel)
      run_pixel(t, g, x, gamma, out);
  }
  static constexpr void run_pixel(const Task& t, const std::byte* g, const std::byte* x,
                                  const std::byte* gamma, std::byte* out) {
    const int bytes = 4 * t.out_channels;
    const Normalized h = of(t.stream, x, t.out_channels);
    const float share = 1 / static_cast<float>(t.out_channels);
    const bool is_centred = load_aligned<std::int32_t>(t.stream + 4) != 0;
    float sent = 0, along = 0;
    for (int c = 0; c < bytes; c += 4) {
      const float own = load<float>(g + c) * load<float>(gamma + c);
      sent += own * share;
      along += own * h(x + c) * share;
    }
    for (int c = 0; c < bytes; c += 4) {
      const float own = load<float>(g + c) * load<float>(gamma + c);
      store(out + c, (own - (is_centred ? sent : 0.0f) - h(x + c) * along) / h.length);
    }
  }
};

// The sums over the rows of y. Inputs: the gradient, gamma, x, numbers, moments, and of a LayerNorm
// beta, its moments. Stream behind the optimizer: that of Norms; int32 has beta. Scratch: the
// gradients, unless they are gathered.
template <Rule rule, bool gathers> struct NormUpdate : Updates<rule, gathers> {
  using Base = Updates<rule, gathers>;
  static constexpr int stream_size(const GraphView&, const Value&) { return Base::header + 12; }
  static constexpr int scratch(const GraphView&, const Value& v) {
    return gathers ? 0 : 8 * v.shape.size();
  }
  static constexpr void pack(const GraphView& g, const Value& v, const Parameters&, Writer& to) {
    Base::pack_optimizer(v, to);
    Norms::put(tuned_of(g, v, op::tuned_norm).options.template get<LayerNormOptions>(), to);
    to.put<std::int32_t>(v.inputs > (Base::keeps ? 5 : 4));
  }
  static constexpr void run(const Task& task, const Band& band) {
    const Task t = task;
    const std::byte *const norm = t.stream + Base::header, *g = band.rows[0], *x = band.rows[2];
    const bool has_beta = load_aligned<std::int32_t>(norm + 8) != 0;
    const int channels = t.in_channels;
    const std::byte* const* rest = band.rows + 3;
    const auto gamma = Base::trained(t, rest[0], band.out[0], rest[Base::keeps ? 1 : 0], channels);
    const std::byte* const* of_beta = has_beta ? rest + (Base::keeps ? 2 : 1) : rest;
    const auto beta =
        Base::trained(t, rest[0], own_state(of_beta[0]), of_beta[Base::keeps ? 1 : 0], channels);
    std::byte* const sums = Base::sums(band, band.scratch, gamma);
    std::byte* const sums_of_beta =
        has_beta ? Base::sums(band, band.scratch + 4 * channels, beta) : nullptr;
    for (int i = 0; i < t.in_width; ++i, g += 4 * channels, x += 4 * channels) {
      const Normalized h = Norms::of(norm, x, channels);
      for (int c = 0; c < 4 * channels; c += 4) add(sums + c, load<float>(g + c) * h(x + c));
      if (has_beta) add_scaled(sums_of_beta, g, channels, 1);
    }
    if (!band.last) return;
    Base::finish(gamma, sums);
    if (has_beta) Base::finish(beta, sums_of_beta);
  }
};

}  // namespace graven::core::scalar_isa
