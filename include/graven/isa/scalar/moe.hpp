// Row kernel of MoE: a pixel's experts one after the other.
#pragma once

#include "graven/floating_point.hpp"
#include "graven/kernel/prefer.hpp"
#include "graven/layers/moe.hpp"

namespace graven::core::scalar_isa {

// Stream: int32 hidden, experts, top; then gate, up and down of each expert. Scratch: the shares of
// all experts, 0 of those that are not chosen; one expert's hidden values.
struct MoE : PlainKernel {
  static constexpr const char* name = "scalar.moe";
  static constexpr bool holds_weights = true;
  static constexpr bool serves(const GraphView& g, int value) {
    return makes<float>(g, value, op::moe);
  }
  static constexpr int scratch(const GraphView&, const Value& v) {
    const auto o = v.options.get<MoEOptions>();
    return 4 * (o.experts + o.hidden);
  }
  static constexpr int stream_size(const GraphView&, const Value& v) {
    const auto o = v.options.get<MoEOptions>();
    return 12 + 12 * o.experts * o.hidden * v.shape.channels;
  }
  static constexpr void pack(const GraphView&, const Value& v, const Parameters& p, Writer& to) {
    const auto o = v.options.get<MoEOptions>();
    for (const int number : {o.hidden, o.experts, o.top}) to.put<std::int32_t>(number);
    const int size = o.hidden * v.shape.channels;
    for (int e = 0; e < o.experts; ++e)
      for (const char* matrix : {"gate", "up", "down"})
        to.copy(p.constants[p.find(matrix)].data.float32 + e * size, size);
  }

  static constexpr float dot(const std::byte* a, const std::byte* b, int count) {
    float sum = 0;
    for (int i = 0; i < 4 * count; i += 4) sum += load<float>(a + i) * load_aligned<float>(b + i);
    return sum;
  }
  // The largest logit that no share has been made of yet.
  static constexpr int next_best(const std::byte* logits, const std::byte* shares, int experts) {
    int best = -1;
    for (int e = 0; e < experts; ++e)
      if (load_aligned<float>(shares + 4 * e) == 0 &&
          (best < 0 || load<float>(logits + 4 * e) > load<float>(logits + 4 * best)))
        best = e;
    return best;
  }
  // exp(0) is the first one's share, so that a share is 0 only where none has been made, or where
  // it is too small for a number.
  static constexpr float choose(const std::byte* logits, std::byte* shares, int experts, int top) {
    for (int e = 0; e < experts; ++e) store_aligned(shares + 4 * e, 0.0f);
    float most = 0, sum = 0;
    for (int k = 0; k < top; ++k) {
      const int e = next_best(logits, shares, experts);
      const float logit = load<float>(logits + 4 * e);
      if (k == 0) most = logit;
      const float share = floating_point::exp(logit - most);
      if (!(share > 0)) break;
      store_aligned(shares + 4 * e, share);
      sum += share;
    }
    return sum;
  }
  static constexpr void run(const Task& task, const Band& band) {
    Reader from{task.stream};
    const int hidden = from.next<std::int32_t>(), experts = from.next<std::int32_t>();
    const int top = from.next<std::int32_t>(), dim = task.out_channels;
    std::byte *const shares = band.scratch, *const inner = band.scratch + 4 * experts;
    const std::byte *x = band.rows[0], *logits = band.rows[task.rows];
    std::byte* out = band.out[0];
    for (int pixel = task.out_width; pixel > 0; --pixel) {
      const float sum = choose(logits, shares, experts, top);
      for (int c = 0; c < dim; ++c) store(out + 4 * c, 0.0f);
      for (int e = 0; e < experts; ++e)
        if (const float share = load_aligned<float>(shares + 4 * e); share > 0)
          add_expert(from.at + 12 * e * hidden * dim, x, inner, out, hidden, dim, share / sum);
      x += 4 * dim, out += 4 * dim, logits += 4 * experts;
    }
  }

private:
  static constexpr void add_expert(const std::byte* weights, const std::byte* x, std::byte* inner,
                                   std::byte* out, int hidden, int dim, float share) {
    const std::byte *gate = weights, *up = gate + 4 * hidden * dim, *down = up + 4 * hidden * dim;
    for (int h = 0; h < hidden; ++h, gate += 4 * dim, up += 4 * dim) {
      const float open = dot(x, gate, dim);
      const float passed = open / (1 + floating_point::exp(-open)) * dot(x, up, dim);
      store_aligned(inner + 4 * h, passed);
    }
    for (int c = 0; c < dim; ++c, down += 4 * hidden) {
      const float y = dot(inner, down, hidden);
      store(out + 4 * c, load<float>(out + 4 * c) + share * y);
    }
  }
};

}  // namespace graven::core::scalar_isa
