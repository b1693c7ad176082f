// Row kernel of products of matrices, both of which are rows.
#pragma once

#include "graven/kernel/multiplier.hpp"
#include "graven/kernel/prefer.hpp"
#include "graven/layers/batch_matmul.hpp"
#include "graven/quant.hpp"

namespace graven::core::scalar_isa {

// How a sum of products becomes an element. Stream: int32 zero point of y, multiplier, shift; or
// float low, high.
template <class T> struct ProductOf;

constexpr Multiplier product_multiplier(const GraphView& g, const Value& v) {
  return quantize_multiplier(
      static_cast<double>(g.source(v, 0).quant.scale * g.source(v, 1).quant.scale) /
      static_cast<double>(v.quant.scale));
}

template <> struct ProductOf<std::int8_t> {
  using Acc = std::int32_t;
  std::int32_t zero_x, zero_y, zero_out;
  Multiplier scale;
  Clamp range;

  static constexpr int stream_size = 12;
  static constexpr void pack(const GraphView& g, const Value& v, Writer& to) {
    to.put<std::int32_t>(g.source(v, 1).quant.zero_point);
    put_multiplier(to, product_multiplier(g, v));
  }
  explicit constexpr ProductOf(const Task& t)
      : zero_x(t.in_zero), zero_y(load_aligned<std::int32_t>(t.stream)), zero_out(t.out_zero),
        scale(multiplier_at(t.stream + 4)), range{t.low, t.high} {}
  constexpr Acc product(std::int8_t x, std::int8_t y) const { return (x - zero_x) * (y - zero_y); }
  constexpr void finish(std::byte* out, Acc acc) const {
    store(out, static_cast<std::int8_t>(clamp(requantize(acc, scale) + zero_out, range)));
  }
};

// Zero points are 0, sums have 64 bits. Stream: int32 0, upper bits of the multiplier, shift.
template <> struct ProductOf<std::int16_t> {
  using Acc = std::int64_t;
  Multiplier scale;
  Clamp range;

  static constexpr int stream_size = 12;
  static constexpr void pack(const GraphView& g, const Value& v, Writer& to) {
    to.put<std::int32_t>(0);
    put_multiplier(to, narrow(product_multiplier(g, v)));
  }
  explicit constexpr ProductOf(const Task& t)
      : scale(multiplier_at(t.stream + 4)), range{t.low, t.high} {}
  constexpr std::int32_t product(std::int16_t x, std::int16_t y) const { return x * y; }
  constexpr void finish(std::byte* out, Acc acc) const {
    store(out, static_cast<std::int16_t>(clamp(requantize_wide(acc, scale), range)));
  }
};

template <> struct ProductOf<float> {
  using Acc = float;
  RealClamp range;

  static constexpr int stream_size = 8;
  static constexpr void pack(const GraphView&, const Value& v, Writer& to) {
    const RealClamp range = real_range(v.activation);
    to.put(range.low);
    to.put(range.high);
  }
  explicit constexpr ProductOf(const Task& t)
      : range{load_aligned<float>(t.stream), load_aligned<float>(t.stream + 4)} {}
  constexpr Acc product(float x, float y) const { return x * y; }
  constexpr void finish(std::byte* out, Acc acc) const { store(out, clamp(acc, range)); }
};

template <class T> struct BatchMatMul : PlainKernel {
  static constexpr const char* name = "scalar.batch_matmul";
  static constexpr bool serves(const GraphView& g, int value) {
    const Value& v = g[value];
    if (!makes<T>(g, value, op::batch_matmul)) return false;
    const Shape x = g.input(v).shape;
    const int depth = v.options.get<BatchMatMulOptions>().adjoint_x ? x.width : x.channels;
    // Of more products 32 bits may not hold the sum, of int16 48.
    return sizeof(T) > 2 || depth <= (sizeof(T) == 1 ? 32768 : 131071);
  }
  static constexpr int stream_size(const GraphView&, const Value&) {
    return 8 + ProductOf<T>::stream_size;
  }
  static constexpr void pack(const GraphView& g, const Value& v, const Parameters&, Writer& to) {
    const auto options = v.options.get<BatchMatMulOptions>();
    ProductOf<T>::pack(g, v, to);
    to.put<std::int32_t>(options.adjoint_x);
    to.put<std::int32_t>(options.adjoint_y);
  }

  static constexpr void run(const Task& task, const Band& band) {
    const Task t = task;
    constexpr int size = sizeof(T);
    const ProductOf<T> rule(t);
    const std::byte* const options = t.stream + ProductOf<T>::stream_size;
    const bool adjoint_x = load_aligned<std::int32_t>(options) != 0;
    const bool adjoint_y = load_aligned<std::int32_t>(options + 4) != 0;
    const int depth = adjoint_x ? t.in_width : t.in_channels;
    // Bytes from a row of x to the next, from a column of y to the next, and along both.
    const int row = (adjoint_x ? 1 : depth) * size, x_step = (adjoint_x ? t.in_channels : 1) * size;
    const int column = (adjoint_y ? depth : 1) * size;
    const int y_step = (adjoint_y ? 1 : t.out_channels) * size;
    const std::byte* x = band.rows[0];
    std::byte* out = band.out[0];
    for (int i = 0; i < t.out_width; ++i, x += row) {
      const std::byte* y = band.rows[t.rows];
      for (int j = 0; j < t.out_channels; ++j, y += column, out += size) {
        typename ProductOf<T>::Acc acc = 0;
        for (int k = 0, at = 0, to = 0; k < depth; ++k, at += x_step, to += y_step)
          acc += rule.product(load<T>(x + at), load<T>(y + to));
        rule.finish(out, acc);
      }
    }
  }
};

}  // namespace graven::core::scalar_isa
