// The arithmetics of layers with weights: how an accumulator of an output channel starts, adds
// products of terms (elements less the zero point) and weights, and becomes an element.
//   Int8     int8 elements and weights
//   Float32  float elements and weights
//   Hybrid   float elements, int8 weights
//   Int8x4   int8 elements, int4 weights
//   Int8x16  int8 elements, int16 weights: uint8 ones less their zero point, of old models
//   Int16x8  int16 elements, int8 weights, sums of 64 bits; Int16x8By32 where the bias is int32
#pragma once

#include "graven/kernel/fold.hpp"
#include "graven/kernel/prefer.hpp"
#include "graven/layers/depthwise_conv2d.hpp"

namespace graven::core::scalar_isa {

// Stream: int32 bias[C], int32 multiplier[C], int8 shift[C] padded to 4, then the weights.
struct Int8 {
  using Element = std::int8_t;
  using Weight = std::int8_t;
  using Term = std::int32_t;
  using Weights = const std::byte*;
  using Acc = std::int32_t;
  static constexpr int weight_size = sizeof(Weight);

  static constexpr bool takes(const Value& v) { return has_usual_weights(v); }
  static constexpr Acc product(Term x, Weight w) { return x * w; }

  static constexpr int header(int channels) { return channels * 8 + (channels + 3) / 4 * 4; }

  static constexpr void pack(const GraphView& graph, const Value& value, const Parameters& params,
                             Writer& to) {
    const int count = value.shape.channels;
    Writer bias = to, multiplier = to.ahead(count * 4), shift = to.ahead(count * 8);
    if (to.skips(header(count))) return;
    for (int o = 0; o < count; ++o) {
      const Channel channel = fold(graph, value, params, o);
      bias.put(value.op.has(Trait::uncentred) ? channel.plain_bias : channel.bias);
      multiplier.put(channel.multiplier.multiplier);
      shift.put(static_cast<std::int8_t>(channel.multiplier.shift));
    }
    to.at += header(count);
  }
  static constexpr const Weight* weights(const Parameters& params) { return params.filter.int8; }

  const std::byte* stream;
  int count;
  int zero;
  Clamp range;

  explicit constexpr Int8(const Task& t)
      : stream(t.stream), count(t.out_channels), zero(t.out_zero), range{t.low, t.high} {}

  constexpr const std::byte* weights() const { return stream + header(count); }
  constexpr Acc start(int o) const { return load_aligned<std::int32_t>(stream + 4 * o); }
  using Scale = Multiplier;
  constexpr Scale scale(int o) const {
    return {load_aligned<std::int32_t>(stream + 4 * (count + o)),
            load<std::int8_t>(stream + 8 * count + o)};
  }
  constexpr void put(std::byte* out, Acc acc, Scale m) const {
    store(out, static_cast<std::int8_t>(clamp(requantize(acc, m) + zero, range)));
  }
  constexpr void finish(std::byte* out, int o, Acc acc) const { put(out + o, acc, scale(o)); }
};

// A place among weights of four bits.
struct Nibbles {
  const std::byte* bytes;
  int at;

  constexpr Nibbles operator+(int count) const { return {bytes, at + count}; }
  constexpr Nibbles& operator+=(int count) {
    at += count;
    return *this;
  }
};
struct Int8x4 : Int8 {
  using Int8::Int8;
  using Int8::weights;
  using Weights = Nibbles;

  static constexpr bool takes(const Value& v) { return v.weights.element == core::Element::int4; }
  constexpr Nibbles weights() const { return {stream + header(count), 0}; }
};

template <bool dense> struct Int8x16 : Int8 {
  using Int8::Int8;
  using Int8::weights;
  using Weight = std::int16_t;
  static constexpr int weight_size = sizeof(Weight);

  static constexpr bool takes(const Value& v) {
    return v.weights.element == core::Element::int16 && v.weights.rounds_scale == dense;
  }
  static constexpr Acc product(Term x, Weight w) { return x * w; }
  static constexpr const Weight* weights(const Parameters& params) { return params.filter.int16; }

  constexpr void put(std::byte* out, Acc acc, Scale m) const {
    const std::int32_t y = dense ? requantize_once(acc, m) : requantize(acc, m);
    store(out, static_cast<std::int8_t>(clamp(y + zero, range)));
  }
  constexpr void finish(std::byte* out, int o, Acc acc) const { put(out + o, acc, scale(o)); }
};

// Stream: float low, high, float bias[C], then the weights.
struct Float32 {
  using Element = float;
  using Weight = float;
  using Term = float;
  using Weights = const std::byte*;
  using Acc = float;
  static constexpr int weight_size = sizeof(Weight);

  static constexpr bool takes(const Value& v) { return has_usual_weights(v); }
  static constexpr Acc product(Term x, Weight w) { return x * w; }

  static constexpr int header(int channels) { return 8 + channels * 4; }

  static constexpr void pack(const GraphView&, const Value& value, const Parameters& params,
                             Writer& to) {
    const RealClamp range = real_range(value.activation);
    to.put(range.low);
    to.put(range.high);
    for (int o = 0; o < value.shape.channels; ++o)
      to.put(params.bias.size > 0 ? params.bias.float32[o] : 0.0f);
  }
  static constexpr const Weight* weights(const Parameters& params) { return params.filter.float32; }

  const std::byte* stream;
  int count;
  RealClamp range;

  explicit constexpr Float32(const Task& t)
      : stream(t.stream), count(t.out_channels), range{load_aligned<float>(t.stream),
                                                       load_aligned<float>(t.stream + 4)} {}

  constexpr const std::byte* weights() const { return stream + header(count); }
  constexpr Acc start(int o) const { return load_aligned<float>(stream + 8 + 4 * o); }
  struct Scale {};  // none
  constexpr Scale scale(int) const { return {}; }
  constexpr void put(std::byte* out, Acc acc, Scale) const {
    store_aligned(out, clamp(acc, range));
  }
  constexpr void finish(std::byte* out, int o, Acc acc) const { put(out + 4 * o, acc, {}); }
};

// bias + scale of the weights * sum(x * w): what dequantized weights give, but for roundings.
// Stream: float low, high, float bias[C], scale[C], then the weights.
struct Hybrid {
  using Element = float;
  using Weight = std::int8_t;
  using Term = float;
  using Weights = const std::byte*;
  using Acc = float;
  static constexpr int weight_size = sizeof(Weight);

  static constexpr bool takes(const Value& v) { return !has_usual_weights(v); }
  static constexpr Acc product(Term x, Weight w) { return x * static_cast<float>(w); }
  static constexpr int header(int channels) { return 8 + channels * 8; }

  static constexpr void pack(const GraphView& graph, const Value& value, const Parameters& params,
                             Writer& to) {
    Float32::pack(graph, value, params, to);
    for (int o = 0; o < value.shape.channels; ++o)
      to.put(params.scale.float32[params.scale.size == 1 ? 0 : o]);
  }
  static constexpr const Weight* weights(const Parameters& params) { return params.filter.int8; }

  Float32 real;

  explicit constexpr Hybrid(const Task& t) : real(t) {}

  constexpr const std::byte* weights() const { return real.stream + header(real.count); }
  constexpr Acc start(int) const { return 0; }
  struct Scale {
    float bias, scale;
  };
  constexpr Scale scale(int o) const {
    return {real.start(o), load_aligned<float>(real.stream + 8 + 4 * (real.count + o))};
  }
  constexpr void put(std::byte* out, Acc acc, Scale s) const {
    real.put(out, acc * s.scale + s.bias, {});
  }
  constexpr void finish(std::byte* out, int o, Acc acc) const { put(out + 4 * o, acc, scale(o)); }
};

// Stream: int64 bias[C], int32 multiplier[C], int8 shift[C] padded to 4, then the weights.
template <bool wide> struct Words {
  using Element = std::int16_t;
  using Weight = std::int8_t;
  using Term = std::int32_t;
  using Weights = const std::byte*;
  using Acc = std::int64_t;
  static constexpr int weight_size = sizeof(Weight);

  static constexpr bool takes(const Value& v) {
    return (v.weights.bias == core::Element::int32) != wide;
  }
  static constexpr std::int32_t product(Term x, Weight w) { return x * w; }
  static constexpr int header(int channels) { return channels * 12 + (channels + 3) / 4 * 4; }

  static constexpr void pack(const GraphView& graph, const Value& value, const Parameters& params,
                             Writer& to) {
    const int count = value.shape.channels;
    Writer bias = to, multiplier = to.ahead(count * 8), shift = to.ahead(count * 12);
    if (to.skips(header(count))) return;
    for (int o = 0; o < count; ++o) {
      const Multiplier whole = channel_multiplier(graph, value, params, o);
      const Multiplier m = wide ? narrow(whole) : whole;
      bias.put(bias_of(params, o));
      multiplier.put(m.multiplier);
      shift.put(static_cast<std::int8_t>(m.shift));
    }
    to.at += header(count);
  }
  static constexpr const Weight* weights(const Parameters& params) { return params.filter.int8; }

  const std::byte* stream;
  int count;
  Clamp range;

  explicit constexpr Words(const Task& t)
      : stream(t.stream), count(t.out_channels), range{t.low, t.high} {}

  constexpr const std::byte* weights() const { return stream + header(count); }
  constexpr Acc start(int o) const { return load_aligned<std::int64_t>(stream + 8 * o); }
  using Scale = Multiplier;
  constexpr Scale scale(int o) const {
    return {load_aligned<std::int32_t>(stream + 8 * count + 4 * o),
            load<std::int8_t>(stream + 12 * count + o)};
  }
  constexpr void put(std::byte* out, Acc acc, Scale m) const {
    // With an int32 bias TFLite sums in 32 bits, which may wrap.
    const std::int32_t y =
        wide ? requantize_wide(acc, m) : requantize(static_cast<std::int32_t>(acc), m);
    store(out, static_cast<std::int16_t>(clamp(y, range)));
  }
  constexpr void finish(std::byte* out, int o, Acc acc) const { put(out + 2 * o, acc, scale(o)); }
};
using Int16x8 = Words<true>;
using Int16x8By32 = Words<false>;

// Is the value what `op` makes in this arithmetic?
template <class N> constexpr bool computes(const GraphView& g, int value, const Op& op) {
  return g[value].element == element_of<typename N::Element>() && makes(g, value, op) &&
         N::takes(g[value]);
}

template <class W> constexpr W weight_at(const std::byte* w) { return load_element<W>(w); }
template <class W> constexpr W weight_at(Nibbles w) {
  const auto pair = load<std::int8_t>(w.bytes + (w.at >> 1));
  return static_cast<W>((w.at & 1) != 0 ? pair >> 4 : static_cast<std::int8_t>(pair * 16) >> 4);
}

template <class N> inline constexpr bool has_nibbles = std::is_same_v<typename N::Weights, Nibbles>;
template <class N> constexpr int weight_bytes(int count) {
  return has_nibbles<N> ? (count + 1) / 2 : count * N::weight_size;
}
// `count` weights from `first` on, `step` apart.
template <class N>
constexpr void copy_weights(Writer& to, const Parameters& p, int first, int count, int step = 1) {
  if constexpr (has_nibbles<N>)
    for (int k = 0; k < count; ++k) to.put_nibble(N::weights(p)[first + k * step]);
  else
    to.copy(N::weights(p) + first, count, step);
}

// The filter as it came, behind all else.
template <class N>
constexpr void copy_filter(Writer& to, const Parameters& p, const FilterLayout& layout) {
  const int count = layout.size();
  if (!has_nibbles<N> && to.leaves_filter(weight_bytes<N>(count))) return;
  copy_weights<N>(to, p, 0, count);
  to.end_nibbles();
}

// acc + sum(a * b), in order; four at a time, because a loop's own instructions cost as much as its
// multiplication. An arithmetic may have its own.
template <class N>
constexpr typename N::Acc dot(const std::byte* a, typename N::Weights b, int count,
                              typename N::Acc acc) {
  if constexpr (requires { N::dot(a, b, count, acc); }) return N::dot(a, b, count, acc);
  using T = typename N::Element;
  using W = typename N::Weight;
  constexpr int size = sizeof(T), step = sizeof(W);
  for (; count >= 4; count -= 4, a += 4 * size, b += 4 * step) {
    acc += N::product(load_element<T>(a), weight_at<W>(b));
    acc += N::product(load_element<T>(a + size), weight_at<W>(b + step));
    acc += N::product(load_element<T>(a + 2 * size), weight_at<W>(b + 2 * step));
    acc += N::product(load_element<T>(a + 3 * size), weight_at<W>(b + 3 * step));
  }
  for (; count > 0; --count, a += size, b += step)
    acc += N::product(load_element<T>(a), weight_at<W>(b));
  return acc;
}

}  // namespace graven::core::scalar_isa
