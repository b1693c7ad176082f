// Row kernels of the largest elements of each pixel: their values, and their indices.
#pragma once

#include "graven/kernel/prefer.hpp"
#include "graven/layers/top_k.hpp"

#include <limits>

namespace graven::core::scalar_isa {

// One pass per output over the channels, for the best of those behind the output before.
template <class T, bool indices> struct TopK : PlainKernel {
  static constexpr const char* name = indices ? "scalar.top_indices" : "scalar.top_values";
  using Made = std::conditional_t<indices, std::int32_t, T>;

  static constexpr bool serves(const GraphView& g, int value) {
    return converts<T, Made>(g, value, indices ? op::top_indices : op::top_values);
  }

  // What elements are compared by: NaN, which is not even equal to itself, comes last.
  static constexpr T rank(T x) {
    if constexpr (std::is_floating_point_v<T>)
      if (!(x <= std::numeric_limits<T>::infinity())) return -std::numeric_limits<T>::infinity();
    return x;
  }

  // The index of the largest element behind that of index `last` (-1: of all), in their order.
  static constexpr int next(const std::byte* in, int count, int last) {
    auto element = [in](int i) { return rank(load<T>(in + i * static_cast<int>(sizeof(T)))); };
    int best = -1;
    for (int i = 0; i < count; ++i) {
      const bool is_behind =
          last < 0 || element(i) < element(last) || (!(element(last) < element(i)) && i > last);
      if (is_behind && (best < 0 || element(best) < element(i))) best = i;
    }
    return best;
  }

  static constexpr void run(const Task& task, const Band& band) {
    const Task t = task;
    const std::byte* in = band.rows[0];
    std::byte* out = band.out[0];
    for (int x = 0; x < t.in_width; ++x, in += t.in_channels * static_cast<int>(sizeof(T)))
      for (int k = 0, found = -1; k < t.out_channels; ++k, out += sizeof(Made)) {
        found = next(in, t.in_channels, found);
        if constexpr (indices)
          store(out, static_cast<std::int32_t>(found));
        else
          store(out, load<T>(in + found * static_cast<int>(sizeof(T))));
      }
  }
};

template <class T> using TopKs = Prefer<TopK<T, false>, TopK<T, true>>;

}  // namespace graven::core::scalar_isa
