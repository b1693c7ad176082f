// Row kernels of Trees: from node to node, without recursion.
#pragma once

#include "graven/kernel/prefer.hpp"
#include "graven/layers/trees.hpp"

#include <bit>
#include <type_traits>

namespace graven::core::scalar_isa {

// Stream: int32 trees, nodes, leaves, width; doubles base; leaves; roots; then thresholds of four
// bytes, children, features, other thresholds.
template <class In, class Leaf, class Sum, bool is_mean> struct TreeWalk : PlainKernel {
  static constexpr bool holds_weights = true;
  static constexpr int header = 16;

  static constexpr int scratch(const GraphView&, const Value& v) {
    return v.shape.channels * static_cast<int>(sizeof(Sum));
  }
  static constexpr int stream_size(const GraphView&, const Value& v) {
    const auto o = v.options.get<TreesOptions>();
    return header + 8 * v.shape.channels + o.leaves * o.width * static_cast<int>(sizeof(Leaf)) +
           4 * o.trees + o.nodes * (6 + static_cast<int>(sizeof(In)));
  }
  static constexpr void pack(const GraphView&, const Value& v, const Parameters& p, Writer& to) {
    const auto o = v.options.get<TreesOptions>();
    for (const int number : {o.trees, o.nodes, o.leaves, o.width}) to.put<std::int32_t>(number);
    auto constant = [&](const char* name) -> const Array& {
      return p.constants[p.find(name)].data;
    };
    to.copy(constant("base").int64.at, v.shape.channels);
    if constexpr (sizeof(Leaf) == 8)
      to.copy(constant("leaves").int64.at, o.leaves * o.width);
    else
      to.copy(constant("leaves").float32.at, o.leaves * o.width);
    to.copy(constant("roots").int32.at, o.trees);
    const Array& thresholds = constant("thresholds");
    if constexpr (is_real)
      for (int k = 0; k < o.nodes; ++k) to.put(order_of(thresholds.float32[k] + 0.0f));
    to.copy(constant("children").int16.at, 2 * o.nodes);
    to.copy(constant("features").int16.at, o.nodes);
    if constexpr (std::is_same_v<In, std::int16_t>) to.copy(thresholds.int16.at, o.nodes);
    if constexpr (std::is_same_v<In, std::int8_t>) to.copy(thresholds.int8, o.nodes);
  }

  // A float as an integer that lies in the same order: cores without an FPU compare it at once.
  // Zeros are one number as a threshold (+0), to which -0 is below.
  static constexpr bool is_real = std::is_same_v<In, float>;
  static constexpr std::int32_t order_of(std::int32_t bits) {
    return bits ^ (bits >> 31 & 0x7fffffff);
  }
  static constexpr std::int32_t order_of(float x) {
    return order_of(std::bit_cast<std::int32_t>(x));
  }
  static constexpr bool is_nan(std::int32_t bits) { return (bits & 0x7fffffff) > 0x7f800000; }

  struct Nodes {
    using Compared = std::conditional_t<is_real, std::int32_t, In>;
    static constexpr int size = sizeof(In);
    const std::byte *thresholds, *children, *features;

    // The leaf that an input comes to.
    constexpr int leaf(const std::byte* in, int node) const {
      for (;;) {
        const int feature = load_aligned<std::int16_t>(features + 2 * node);
        const std::byte* const at = in + (feature & (missing_left - 1)) * size;
        const auto x = is_real ? load_aligned<Compared>(at) : load<Compared>(at);
        const auto threshold = load_aligned<Compared>(thresholds + node * size);
        bool right = false;
        if constexpr (is_real)
          right = is_nan(x) ? feature < missing_left : order_of(x) > threshold;
        else
          right = x > threshold;
        const int step = load_aligned<std::int16_t>(children + 4 * node + (right ? 2 : 0));
        if (step < 0) return -1 - step;
        node += step;
      }
    }
  };

  static constexpr void run(const Task& task, const Band& band) {
    const Task t = task;
    Reader from{t.stream};
    const int trees = from.next<std::int32_t>(), nodes = from.next<std::int32_t>();
    const int leaves = from.next<std::int32_t>(), width = from.next<std::int32_t>();
    const int outputs = t.out_channels;
    const std::byte* const leaf = from.at + 8 * outputs;
    const std::byte* const roots = leaf + leaves * width * static_cast<int>(sizeof(Leaf));
    const std::byte* const behind = roots + 4 * trees;
    const std::byte* const children = behind + (is_real ? 4 * nodes : 0);
    const std::byte* const features = children + 4 * nodes;
    const Nodes tree{is_real ? behind : features + 2 * nodes, children, features};
    for (int o = 0; o < outputs; ++o) set(band, o, static_cast<Sum>(from.next<double>()));
    for (int k = 0, group = 0; k < trees;
         ++k, group = group + width < outputs ? group + width : 0) {
      const int found = tree.leaf(band.rows[0], load_aligned<std::int32_t>(roots + 4 * k)) * width;
      for (int w = 0; w < width; ++w) {
        const auto value = load_aligned<Leaf>(leaf + (found + w) * static_cast<int>(sizeof(Leaf)));
        set(band, group + w, sum_of(band, group + w) + static_cast<Sum>(value));
      }
    }
    finish(band, outputs, trees * width / outputs);
  }

  static constexpr Sum sum_of(const Band& band, int o) {
    return load_aligned<Sum>(band.scratch + o * static_cast<int>(sizeof(Sum)));
  }
  static constexpr void set(const Band& band, int o, Sum value) {
    store_aligned(band.scratch + o * static_cast<int>(sizeof(Sum)), value);
  }

  static constexpr void finish(const Band& band, int outputs, int summed) {
    int most = 0;
    bool ties = false;  // with one before the largest, in float32
    for (int o = 0; o < outputs; ++o) {
      if constexpr (is_mean) set(band, o, sum_of(band, o) / static_cast<Sum>(summed));
      const Sum sum = sum_of(band, o);
      const auto out = static_cast<float>(sum);
      if (sum > sum_of(band, most)) {
        ties = out == static_cast<float>(sum_of(band, most));
        most = o;
      }
      store(band.out[0] + 4 * o, out);
    }
    if (ties) raise(band.out[0] + 4 * most);
  }
  // To the next number up.
  static constexpr void raise(std::byte* at) {
    const auto bits = load<std::int32_t>(at);
    store(at, bits == 0 ? 1 : bits > 0 ? bits + 1 : bits - 1);
  }
};

struct TreeWalks {
  static constexpr const char* name = "scalar.trees";
  static constexpr bool serves(const GraphView& g, int value) {
    const Value& v = g[value];
    if (v.op != op::trees) return false;
    const Element in = g.source(v).element;
    return in == Element::float32 || in == Element::int8 || in == Element::int16;
  }
  template <const auto& graph, int value> static constexpr auto kernel() {
    constexpr GraphView g = graph.view();
    constexpr const Value& v = graph.values[value];
    constexpr TreeSum sum = v.options.template get<TreesOptions>().sum;
    using In = typename type_of<g.source(v).element>::type;
    using Leaf = std::conditional_t<v.wanted[4].element == Element::int64, double, float>;
    using Real = std::conditional_t<sum == TreeSum::float32, float, double>;
    return TreeWalk<In, Leaf, Real, sum == TreeSum::mean>{};
  }
};

}  // namespace graven::core::scalar_isa
