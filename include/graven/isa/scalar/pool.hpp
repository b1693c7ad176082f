// Row kernels that reduce windows: max and average pools.
#pragma once

#include "graven/kernel/prefer.hpp"
#include "graven/layers/avg_pool.hpp"
#include "graven/layers/max_pool.hpp"
#include "graven/quant.hpp"

namespace graven::core::scalar_isa {

template <class T> constexpr void store_clamped(std::byte* out, const Task& t, std::int32_t acc) {
  store(out, static_cast<T>(clamp(acc, {t.low, t.high})));
}

// sum / count, rounded half away from zero.
constexpr std::int32_t rounded_mean(std::int32_t sum, std::int32_t count) {
  return sum > 0 ? (sum + count / 2) / count : (sum - count / 2) / count;
}

// The largest element. Stream: for float the clamp.
template <class T> struct Largest {
  using Acc = T;
  static constexpr Acc start() { return (std::numeric_limits<T>::lowest)(); }
  static constexpr Acc add(Acc acc, T x) { return x > acc ? x : acc; }
  static constexpr void finish(std::byte* out, const Task& t, Acc acc, int) {
    if constexpr (std::is_same_v<T, float>)
      store(out, clamp(acc, RealClamp{load_aligned<float>(t.stream),
                                      load_aligned<float>(t.stream + 4)}));
    else
      store_clamped<T>(out, t, acc);
  }
};

// The mean of the elements that exist.
template <class T, class Sum> struct Average {
  using Acc = Sum;
  static constexpr Acc start() { return 0; }
  static constexpr Acc add(Acc acc, T x) { return static_cast<Acc>(acc + x); }
  static constexpr void finish(std::byte* out, const Task& t, Acc acc, int count) {
    if constexpr (std::is_same_v<T, float>)
      store(out,
            clamp(acc / static_cast<float>(count),
                  RealClamp{load_aligned<float>(t.stream), load_aligned<float>(t.stream + 4)}));
    else
      store_clamped<T>(out, t, rounded_mean(acc, count));
  }
};

// Windows of rows, or with `Reduces` one row after the other into accumulators in scratch.
template <class T, class Rule, bool Reduces> struct Pool : PlainKernel {
  using Acc = typename Rule::Acc;
  static constexpr int size = sizeof(T);

  static constexpr int scratch(const GraphView&, const Value& v) {
    return Reduces ? v.shape.row() * static_cast<int>(sizeof(Acc)) : 0;
  }
  static constexpr int stream_size(const GraphView&, const Value&) {
    return std::is_same_v<T, float> ? 8 : 0;
  }
  static constexpr void pack(const GraphView&, const Value& v, const Parameters&, Writer& to) {
    if constexpr (std::is_same_v<T, float>) {
      const RealClamp range = real_range(v.activation);
      to.put(range.low);
      to.put(range.high);
    }
  }

  static constexpr void run(const Task& task, const Band& band) {
    const Task t = task;
    std::byte* out = band.out[0];
    std::byte* sums = band.scratch;
    const int rows = Reduces ? 1 : t.rows, pixel = t.in_channels * size;
    int real_rows = Reduces ? t.in_height : 0;
    if constexpr (!Reduces)
      for (int ky = 0; ky < rows; ++ky) real_rows += band.rows[ky] != nullptr ? 1 : 0;
    for (int x = 0; x < t.out_width; ++x) {
      int from = x * t.stride_width - t.left, to = from + t.filter_width;
      if (from < 0) from = 0;
      if (to > t.in_width) to = t.in_width;
      for (int c = 0; c < t.in_channels; ++c, out += Reduces && !band.last ? 0 : size) {
        Acc acc = Rule::start();
        if (Reduces && !band.first) acc = load_aligned<Acc>(sums);
        for (int ky = 0; ky < rows; ++ky) {
          const std::byte* row = band.rows[ky];
          if (row == nullptr) continue;
          const int end = to * pixel;  // an index: pointers do not go beyond a row
          for (int at = from * pixel + c * size; at < end; at += pixel)
            acc = Rule::add(acc, load<T>(row + at));
        }
        if (!Reduces || band.last)
          Rule::finish(out, t, acc, real_rows * (to - from));
        else
          store_aligned(sums, acc);
        if constexpr (Reduces) sums += sizeof(Acc);
      }
    }
  }
};

template <class T> struct MaxPools {
  static constexpr const char* name = "scalar.max_pool";
  static constexpr bool serves(const GraphView& g, int value) {
    return makes<T>(g, value, op::max_pool);
  }
  template <const auto& graph, int value> static constexpr auto kernel() {
    return Pool<T, Largest<T>, graph.values[value].reduces>{};
  }
};

// Sums of up to 255 int8 elements fit int16, which halves the accumulators in the arena.
template <class T, int count>
using SumOf = std::conditional_t<
    std::is_same_v<T, float>, float,
    std::conditional_t<(sizeof(T) == 1 && count <= 255), std::int16_t, std::int32_t>>;

// Do sums of so many elements, and half as much that rounds them, fit int32? Of int8 all that a
// microcontroller holds do.
template <class T> constexpr bool is_summable(int count) {
  return !std::is_same_v<T, std::int16_t> || count <= 65535;
}

template <class T> struct AveragePools {
  static constexpr const char* name = "scalar.average_pool";
  static constexpr bool serves(const GraphView& g, int value) {
    return makes<T>(g, value, op::average_pool) && is_summable<T>(g[value].filter.area());
  }
  template <const auto& graph, int value> static constexpr auto kernel() {
    constexpr const Value& v = graph.values[value];
    return Pool<T, Average<T, SumOf<T, v.filter.area()>>, v.reduces>{};
  }
};

// Of int8, whatever they pool by.
using Pools = Prefer<MaxPools<std::int8_t>, AveragePools<std::int8_t>>;

}  // namespace graven::core::scalar_isa
