// Row kernels of lengths and running sums: pixels divided by their length, pools of squares, sums
// along an axis.
#pragma once

#include "graven/fixed_point.hpp"
#include "graven/floating_point.hpp"
#include "graven/isa/scalar/pool.hpp"
#include "graven/kernel/multiplier.hpp"
#include "graven/layers/cumsum.hpp"
#include "graven/layers/l2_normalization.hpp"
#include "graven/layers/l2_pool.hpp"

namespace graven::core::scalar_isa {

template <class T> struct L2Normalization : PlainKernel {
  static constexpr const char* name = "scalar.l2_normalization";
  static constexpr bool serves(const GraphView& g, int value) {
    // Of more squares of bytes 32 bits may not hold the sum.
    return makes<T>(g, value, op::l2_normalization) &&
           (sizeof(T) > 1 || g[value].shape.channels <= 32768);
  }
  static constexpr void run(const Task& task, const Band& band) {
    const Task t = task;
    constexpr int size = sizeof(T);
    const std::byte* in = band.rows[0];
    std::byte* out = band.out[0];
    for (int x = 0; x < t.out_width; ++x, in += t.in_channels * size, out += t.in_channels * size)
      run_pixel(t, in, out);
  }

private:
  static constexpr void run_pixel(const Task& t, const std::byte* in,
                                  std::byte* out) requires std::is_same_v<T, std::int8_t> {
    std::int32_t squares = 0;
    for (int c = 0; c < t.in_channels; ++c) {
      const int x = load<T>(in + c) - t.in_zero;
      squares += x * x;
    }
    Multiplier inverse = fixed_point::inverse_sqrt(squares);
    inverse.shift += 7;  // to 1/128
    for (int c = 0; c < t.in_channels; ++c) {
      const std::int32_t y = requantize(load<T>(in + c) - t.in_zero, inverse);
      store(out + c, static_cast<T>(clamp(y, {-128, 127})));
    }
  }
  static constexpr void run_pixel(const Task& t, const std::byte* in,
                                  std::byte* out) requires std::is_same_v<T, float> {
    float squares = 0;
    for (int c = 0; c < t.in_channels; ++c) squares += load<T>(in + 4 * c) * load<T>(in + 4 * c);
    const float root = floating_point::sqrt(squares);
    const float length = root > 1e-6f ? root : 1e-6f;
    for (int c = 0; c < t.in_channels; ++c) store(out + 4 * c, load<T>(in + 4 * c) / length);
  }
};

// The root of the mean of squares. Stream: the clamp.
struct RootMeanSquare : Average<float, float> {
  static constexpr float add(float acc, float x) { return acc + x * x; }
  static constexpr void finish(std::byte* out, const Task& t, float acc, int count) {
    store(out, clamp(floating_point::sqrt(acc / static_cast<float>(count)),
                     RealClamp{load_aligned<float>(t.stream), load_aligned<float>(t.stream + 4)}));
  }
};
struct L2Pools {
  static constexpr const char* name = "scalar.l2_pool";
  static constexpr bool serves(const GraphView& g, int value) {
    return makes<float>(g, value, op::l2_pool);
  }
  template <const auto& graph, int value> static constexpr auto kernel() {
    return Pool<float, RootMeanSquare, graph.values[value].reduces>{};
  }
};

// A running sum and what it is as an element. Stream of int8: int32 multiplier, shift.
template <class T> struct RunningSum;
template <> struct RunningSum<std::int8_t> {
  using Sum = std::int32_t;
  std::int32_t zero_in, zero_out;
  Multiplier scale;

  static constexpr int stream_size = 8;
  static constexpr void pack(const GraphView& g, const Value& v, Writer& to) {
    const double ratio =
        static_cast<double>(g.source(v).quant.scale) / static_cast<double>(v.quant.scale);
    const Multiplier m = quantize_multiplier(2 * ratio / (1 << 20));
    put_multiplier(to, m);
  }
  explicit constexpr RunningSum(const Task& t)
      : zero_in(t.in_zero), zero_out(t.out_zero), scale(multiplier_at(t.stream)) {}
  static constexpr std::int32_t lifted(std::int32_t x) { return x * (1 << 19); }
  constexpr Sum start() const { return lifted(-zero_in); }
  constexpr Sum add(Sum sum, std::int8_t x) const {
    return static_cast<Sum>(static_cast<std::uint32_t>(sum) +
                            static_cast<std::uint32_t>(lifted(x - zero_in)));
  }
  constexpr std::int8_t finish(Sum sum) const {
    return static_cast<std::int8_t>(clamp(requantize(sum, scale) + zero_out, {-128, 127}));
  }
};
template <> struct RunningSum<float> {
  using Sum = float;
  static constexpr int stream_size = 0;
  static constexpr void pack(const GraphView&, const Value&, Writer&) {}
  explicit constexpr RunningSum(const Task&) {}
  constexpr Sum start() const { return 0; }
  constexpr Sum add(Sum sum, float x) const { return sum + x; }
  constexpr float finish(Sum sum) const { return sum; }
};

// Lines of elements in a row; down the height each is a line's next one, its sum so far in scratch.
// Stream: int32 axis, exclusive, reverse; then RunningSum's.
template <class T> struct CumSum : PlainKernel {
  static constexpr const char* name = "scalar.cumsum";
  static constexpr bool serves(const GraphView& g, int value) {
    return makes<T>(g, value, op::cumsum);
  }
  using Rule = RunningSum<T>;
  using Sum = typename Rule::Sum;

  static constexpr int scratch(const GraphView&, const Value& v) {
    return v.carries ? v.shape.row() * static_cast<int>(sizeof(Sum)) : 0;
  }
  static constexpr int stream_size(const GraphView&, const Value&) {
    return 12 + Rule::stream_size;
  }
  static constexpr void pack(const GraphView& g, const Value& v, const Parameters&, Writer& to) {
    const auto options = v.options.get<CumSumOptions>();
    to.put<std::int32_t>(options.axis);
    to.put<std::int32_t>(options.exclusive);
    to.put<std::int32_t>(options.reverse);
    Rule::pack(g, v, to);
  }

  // Bytes from element to element of a line, and from line to line; `ahead`: within a block of
  // neighbouring lines.
  static constexpr Sum line(const Rule& rule, bool exclusive, const std::byte* in, std::byte* out,
                            int count, int step, Sum sum) {
    for (; count > 0; --count, in += step, out += step) {
      const Sum before = sum;
      sum = rule.add(sum, load<T>(in));
      store(out, rule.finish(exclusive ? before : sum));
    }
    return sum;
  }

  static constexpr void run(const Task& task, const Band& band) {
    Task t = task;
    const auto axis = static_cast<Axis>(load_aligned<std::int32_t>(t.stream));
    const bool exclusive = load_aligned<std::int32_t>(t.stream + 4) != 0;
    const bool reverse = load_aligned<std::int32_t>(t.stream + 8) != 0;
    t.stream += 12;
    constexpr int size = sizeof(T);
    const Rule rule(t);
    const int inner = axis == Axis::channels ? 1
                      : axis == Axis::width  ? t.in_channels
                                             : t.in_width * t.in_channels;
    const int count = axis == Axis::channels ? t.in_channels : axis == Axis::width ? t.in_width : 1;
    const int lines = t.in_width * t.in_channels / count;
    const int step = (reverse ? -inner : inner) * size;
    for (int i = 0; i < lines; ++i) {
      const int first =
          (i / inner * count * inner + i % inner + (reverse ? (count - 1) * inner : 0)) * size;
      Sum sum = rule.start();
      std::byte* const so_far = band.scratch + i * static_cast<int>(sizeof(Sum));
      const bool carried = axis == Axis::height;
      if (carried && band.step > 0) sum = load_aligned<Sum>(so_far);
      sum = line(rule, exclusive, band.rows[0] + first, band.out[0] + first, count, step, sum);
      if (carried) store_aligned(so_far, sum);
    }
  }
};

}  // namespace graven::core::scalar_isa
