// Trees: sums of the leaves that decision trees lead an input to: forests, boosted trees, one tree
//
//   out[group(t) + w] = base[group(t) + w] + sum over trees t of leaf(t)[w],  w < width
//
// in the order of the trees, by `sum`. width: numbers of a leaf; with one, trees take the outputs
// in turn, and group(t) is t % outputs, otherwise a leaf has one for each output.
//
// A node asks whether x[feature] <= threshold: float32 or, on integers, the very integer. NaN goes
// to the right, or to the left where the node's feature says so (`missing_left`). The record's
// constants, by name; nodes of a tree lie together, each before those below it:
//   features    int16 per node
//   thresholds  per node, of the input's element
//   children    int16, two per node: how many nodes further, or -1 - leaf
//   roots       int32 per tree, a node
//   leaves      float32, or int64: the bits of doubles; width of them per leaf
//   base        int64 per output: the bits of a double
// Where sums are doubles, the first of the largest is also the first of the largest outputs: if
// float32 cannot tell it from one before it, it is the next number up.
#pragma once

#include "graven/graph/network.hpp"

namespace graven::core {

namespace op {
inline constexpr Op trees{"trees"};
}

// In float (XGBoost), in double (LightGBM, gradient boosting), or the mean in double (forests).
enum class TreeSum : std::int32_t { float32, float64, mean };

inline constexpr int missing_left = 1 << 14;  // in a node's feature

struct TreesOptions {
  int trees = 0, nodes = 0, leaves = 0, width = 0;
  TreeSum sum = TreeSum::float32;
};

template <int outputs, int trees, int nodes, int leaves, int width = 1,
          TreeSum sum = TreeSum::float32, Element leaf = Element::float32>
struct Trees {
  static constexpr const char* op = "Trees";

  template <At in> static constexpr Shape output() {
    constexpr bool positive = outputs > 0 && trees > 0 && nodes > 0 && leaves > 0 && width > 0;
    constexpr bool sound = positive && (width == outputs || (width == 1 && trees % outputs == 0));
    static_assert(sound || error::out_of_range<error::at_layer<in.layer>, error::in<Trees>>,
                  "Trees: numbers of outputs, trees, nodes, leaves must be at least 1, and a leaf "
                  "have as many numbers as there are outputs, or one, with as many trees for each "
                  "output.");
    return sound ? Shape{1, 1, outputs} : no_shape;
  }
  template <At in, class Lowering> static constexpr View lower(Lowering& l, View input) {
    input = l.with_rows({input.value, {1, 1, in.shape.size()}, input.first}, in.layer);
    Value v = l.begin(op::trees, in.layer, {1, 1, outputs}, input);
    v.element = Element::float32;
    v.quant = {};
    v.options.set(TreesOptions{trees, nodes, leaves, width, sum});
    v.wanted = wanted_of(l.graph.values[input.value].element);
    return l.add(v, input);
  }

private:
  template <Element element>
  static constexpr Wanted wanted[] = {
      {"features", nodes, Element::int16},     {"thresholds", nodes, element},
      {"children", 2 * nodes, Element::int16}, {"roots", trees, Element::int32},
      {"leaves", leaves* width, leaf},         {"base", outputs, Element::int64}};
  static constexpr Listing<Wanted> wanted_of(Element input) {
    if (input == Element::int8) return wanted<Element::int8>;
    return input == Element::int16 ? Listing<Wanted>(wanted<Element::int16>)
                                   : Listing<Wanted>(wanted<Element::float32>);
  }
};

}  // namespace graven::core
