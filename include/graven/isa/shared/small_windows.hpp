// Pools of small windows: all elements of a window without a loop over them. Generic, above the
// instruction sets: how many channels go at once is the rule's business.
#pragma once

#include "graven/isa/scalar/pool.hpp"
#include "graven/layers/avg_pool.hpp"
#include "graven/layers/max_pool.hpp"

namespace graven::core {

// One int8 channel. `clamps`: the value has an activation.
template <bool clamps> struct OneLargest {
  using Word = std::int8_t;
  static std::int32_t start(std::int32_t x) { return x; }
  static std::int32_t add(std::int32_t acc, std::int32_t x) { return x > acc ? x : acc; }
  static void finish(std::byte* out, const Task& t, std::int32_t acc, int) {
    if constexpr (clamps)
      scalar_isa::store_clamped<std::int8_t>(out, t, acc);
    else
      store(out, static_cast<std::int8_t>(acc));
  }
};
template <bool clamps> struct OneAverage {
  using Word = std::int8_t;
  static std::int32_t start(std::int32_t x) { return x; }
  static std::int32_t add(std::int32_t acc, std::int32_t x) { return acc + x; }
  static void finish(std::byte* out, const Task& t, std::int32_t acc, int count) {
    OneLargest<clamps>::finish(out, t, scalar_isa::rounded_mean(acc, count), count);
  }
};

// `padded`: windows may hang over an edge; `General` takes those.
template <class Rule, class General, int height, int width, bool padded>
struct SmallWindows : General {
  static constexpr int lanes = sizeof(typename Rule::Word);

  // A last word that is not whole takes back channels of the one before.
  [[gnu::always_inline]] static void pixel(const Task& t,
                                           const std::byte* const (&rows)[std::size_t{height}],
                                           int from, std::byte* out) {
    const int channels = t.in_channels;
    const std::byte* at[std::size_t{height}];
#pragma GCC unroll 9
    for (int ky = 0; ky < height; ++ky) at[ky] = rows[ky] + from;
    auto move = [&](int by) {
#pragma GCC unroll 9
      for (const std::byte*& p : at) p += by;
      out += by;
    };
    auto next = [&](int tap) {
      return load<typename Rule::Word>(at[tap / width] + tap % width * channels);
    };
    auto window = [&] {
      auto acc = Rule::start(next(0));
#pragma GCC unroll 9
      for (int tap = 1; tap < height * width; ++tap) acc = Rule::add(acc, next(tap));
      Rule::finish(out, t, acc, height * width);
      move(lanes);
    };
    const std::byte* const end = out + channels / lanes * lanes;
    while (out != end) window();
    if (channels % lanes == 0) return;
    move(channels % lanes - lanes);
    window();
  }
  [[gnu::noinline]] static void edge(const Task& task, const Band& band, int x) {
    Task t = task;
    t.left = static_cast<std::int16_t>(t.left - x * t.stride_width);
    t.out_width = 1;
    Band one = band;
    std::byte* out = band.out[0] + x * t.out_channels;
    one.out = &out;
    General::run(t, one);
  }
  static void run(const Task& task, const Band& band) {
    const Task t = task;
    const std::byte* rows[std::size_t{height}];
    for (int ky = 0; ky < height; ++ky) {
      rows[ky] = band.rows[ky];
      if (padded && rows[ky] == nullptr) return General::run(task, band);
    }
    std::byte* out = band.out[0];
    for (int x = 0, first = -t.left; x < t.out_width; ++x, first += t.stride_width) {
      if (padded && (first < 0 || first + width > t.in_width))
        edge(task, band, x);
      else
        pixel(t, rows, first * t.in_channels, out);
      out += t.in_channels;
    }
  }
};

constexpr bool is_small_pool(const GraphView& g, int value) {
  const Value& v = g[value];
  return (v.op == op::max_pool || v.op == op::average_pool) && v.element == Element::int8 &&
         !v.reduces && v.filter.area() <= 9;
}
template <const auto& graph, int value, class Rule, class General> constexpr auto small_windows() {
  constexpr const Value& v = graph.values[value];
  constexpr Shape in = graph.views[v.first_input].shape;
  constexpr bool padded = v.left > 0 || graph.view().top(v) > 0 ||
                          (v.shape.height - 1) * v.stride.height + v.filter.height > in.height ||
                          (v.shape.width - 1) * v.stride.width + v.filter.width > in.width;
  return SmallWindows<Rule, General, v.filter.height, v.filter.width, padded>{};
}

// Channel by channel.
struct SmallPools {
  static constexpr const char* name = "shared.small_pool";
  static constexpr bool serves(const GraphView& g, int value) { return is_small_pool(g, value); }
  template <const auto& graph, int value> static constexpr auto kernel() {
    constexpr const Value& v = graph.values[value];
    constexpr bool clamps = !whole_range(v);
    using Rule = std::conditional_t<v.op == op::max_pool, OneLargest<clamps>, OneAverage<clamps>>;
    return small_windows<graph, value, Rule, decltype(scalar_isa::Pools::kernel<graph, value>())>();
  }
};

}  // namespace graven::core
