// Row kernels of MoE: a pixel's experts one after the other.
#pragma once

#include "graven/floating_point.hpp"
#include "graven/isa/scalar/channels.hpp"
#include "graven/kernel/prefer.hpp"
#include "graven/layers/moe.hpp"
#include "graven/quant.hpp"

namespace graven::core::scalar_isa {

// Who gets a pixel, by the logits of its router, of `scale` each.
template <class T> struct Chosen {
  // The largest logit that no share has been made of yet.
  static constexpr int next_best(const std::byte* logits, const std::byte* shares, int experts) {
    constexpr int size = sizeof(T);
    int best = -1;
    for (int e = 0; e < experts; ++e)
      if (load_aligned<float>(shares + 4 * e) == 0 &&
          (best < 0 || load<T>(logits + size * e) > load<T>(logits + size * best)))
        best = e;
    return best;
  }
  // exp(0) is the first one's share, so that a share is 0 only where none has been made, or where
  // it is too small for a number. Their sum.
  static constexpr float put_shares(const std::byte* logits, std::byte* shares, int experts,
                                    int top, float scale) {
    for (int e = 0; e < experts; ++e) store_aligned(shares + 4 * e, 0.0f);
    T most = 0;
    float sum = 0;
    for (int k = 0; k < top; ++k) {
      const int e = next_best(logits, shares, experts);
      const T logit = load<T>(logits + int{sizeof(T)} * e);
      if (k == 0) most = logit;
      const float share = floating_point::exp(static_cast<float>(logit - most) * scale);
      if (!(share > 0)) break;
      store_aligned(shares + 4 * e, share);
      sum += share;
    }
    return sum;
  }
};
constexpr float silu(float x) { return x / (1 + floating_point::exp(-x)); }

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
  static constexpr void run(const Task& task, const Band& band) {
    Reader from{task.stream};
    const int hidden = from.next<std::int32_t>(), experts = from.next<std::int32_t>();
    const int top = from.next<std::int32_t>(), dim = task.out_channels;
    std::byte *const shares = band.scratch, *const inner = band.scratch + 4 * experts;
    const std::byte *x = band.rows[0], *logits = band.rows[task.rows];
    std::byte* out = band.out[0];
    for (int pixel = task.out_width; pixel > 0; --pixel) {
      const float sum = Chosen<float>::put_shares(logits, shares, experts, top, 1);
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
      store_aligned(inner + 4 * h, silu(dot(x, gate, dim)) * dot(x, up, dim));
    }
    for (int c = 0; c < dim; ++c, down += 4 * hidden) {
      const float y = dot(inner, down, hidden);
      store(out + 4 * c, load<float>(out + 4 * c) + share * y);
    }
  }
};

// Activations of T, int8 or int16; weights of int8, or of four bits. Stream: int32 hidden, experts,
// top, bytes of a matrix of all experts; float scales of a logit, of a sum of gate, of up, of down,
// and of the output; then gate, up and down of all experts. Scratch: MoE's, then the sums of all
// channels.
template <class T, class Weights> struct MoEIntegers : PlainKernel {
  static constexpr const char* name = "scalar.moe";
  static constexpr bool holds_weights = true, nibbles = std::is_same_v<Weights, Nibbles>;
  static constexpr int header = 36;
  static constexpr bool serves(const GraphView& g, int value) {
    const Value& v = g[value];
    return v.op == op::moe && v.element == element_of<T>() && g.source(v).element == v.element &&
           g.source(v, 1).element == v.element &&
           v.options.get<MoEOptions>().bits == (nibbles ? 4 : 8);
  }
  static constexpr int scratch(const GraphView&, const Value& v) {
    const auto o = v.options.get<MoEOptions>();
    return 4 * (o.experts + o.hidden + v.shape.channels);
  }
  static constexpr int matrix_bytes(const Value& v) {
    const auto o = v.options.get<MoEOptions>();
    const int count = o.experts * o.hidden * v.shape.channels;
    return nibbles ? (count + 1) / 2 : count;
  }
  static constexpr int stream_size(const GraphView&, const Value& v) {
    return header + 3 * matrix_bytes(v);
  }
  static constexpr void pack(const GraphView& g, const Value& v, const Parameters& p, Writer& to) {
    const auto o = v.options.get<MoEOptions>();
    const auto scale = [&](const char* matrix) {
      return p.constants[p.find(matrix)].scale.float32[0];
    };
    for (const int number : {o.hidden, o.experts, o.top, matrix_bytes(v)})
      to.put<std::int32_t>(number);
    const float in = g.source(v).quant.scale;
    to.put(g.source(v, 1).quant.scale);
    for (const float each : {in * scale("gate"), in * scale("up"), scale("down"), v.quant.scale})
      to.put(each);
    for (const char* matrix : {"gate", "up", "down"}) {
      const std::int8_t* weights = p.constants[p.find(matrix)].data.int8;
      const int count = o.experts * o.hidden * v.shape.channels;
      if constexpr (nibbles) {
        for (int i = 0; i < count; ++i) to.put_nibble(weights[i]);
        to.end_nibbles();
      } else {
        to.copy(weights, count);
      }
    }
  }

  // A weight of a matrix.
  static constexpr int at(const std::byte* matrix, int i) {
    if constexpr (nibbles) {
      const int both = load<std::int8_t>(matrix + i / 2);
      return i % 2 == 0 ? ((both & 15) ^ 8) - 8 : both >> 4;
    } else {
      return load<std::int8_t>(matrix + i);
    }
  }
  // One pixel: what all of its experts share.
  struct Pixel {
    const Task& task;
    const std::byte *x, *stream;
    std::byte *inner, *sums;
    int hidden, bytes;

    constexpr float scale(int k) const { return load_aligned<float>(stream + 16 + 4 * k); }
    constexpr const std::byte* matrix(int k) const { return stream + header + k * bytes; }
    constexpr float dot(int k, int row) const {
      std::conditional_t<sizeof(T) == 1, std::int32_t, std::int64_t> sum = 0;
      const int count = task.out_channels;
      for (int c = 0; c < count; ++c)
        sum += (load<T>(x + c * int{sizeof(T)}) - task.in_zero) * at(matrix(k), row * count + c);
      return static_cast<float>(sum) * scale(k + 1);
    }
    constexpr void add(int expert, float share) const {
      for (int h = 0; h < hidden; ++h) {
        const int row = expert * hidden + h;
        store_aligned(inner + 4 * h, silu(dot(0, row)) * dot(1, row));
      }
      for (int c = 0; c < task.out_channels; ++c) {
        const int row = expert * task.out_channels + c;
        float y = 0;
        for (int h = 0; h < hidden; ++h)
          y += load_aligned<float>(inner + 4 * h) *
               static_cast<float>(at(matrix(2), row * hidden + h));
        const float before = load_aligned<float>(sums + 4 * c);
        store_aligned(sums + 4 * c, before + share * (y * scale(3)));
      }
    }
  };
  static constexpr void run(const Task& task, const Band& band) {
    Reader from{task.stream};
    const int hidden = from.next<std::int32_t>(), experts = from.next<std::int32_t>();
    const int top = from.next<std::int32_t>(), bytes = from.next<std::int32_t>();
    std::byte* const shares = band.scratch;
    std::byte* const inner = shares + 4 * experts;
    Pixel pixel{task, band.rows[0], task.stream, inner, inner + 4 * hidden, hidden, bytes};
    const std::byte* logits = band.rows[task.rows];
    std::byte* out = band.out[0];
    const Quant quant{pixel.scale(4), task.out_zero};
    constexpr int size = sizeof(T);
    for (int left = task.out_width; left > 0; --left, logits += size * experts) {
      const float sum = Chosen<T>::put_shares(logits, shares, experts, top, pixel.scale(0));
      for (int c = 0; c < task.out_channels; ++c) store_aligned(pixel.sums + 4 * c, 0.0f);
      for (int e = 0; e < experts; ++e)
        if (const float share = load_aligned<float>(shares + 4 * e); share > 0)
          pixel.add(e, share / sum);
      for (int c = 0; c < task.out_channels; ++c, out += size)
        store(out, quantize<T>(load_aligned<float>(pixel.sums + 4 * c), quant));
      pixel.x += size * task.out_channels;
    }
  }
};

}  // namespace graven::core::scalar_isa
