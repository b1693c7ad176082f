// Graph: any DAG of layers, as nodes that name the values they read.
#pragma once

#include "graven/graph/network.hpp"

#include <array>
#include <cstddef>
#include <utility>

namespace graven::core {

// A layer and the values it reads. The inputs of the graph are values 0, 1, ...; node k yields
// value (number of inputs) + k. Name them with an enum.
template <class L, int... Inputs> struct Node { using Layer = L; };

// Output k of a node with several; a value's number alone is its output 0.
template <int value, int k> inline constexpr int Out = value + (k << 16);

// The values that leave the graph.
template <int... Values> struct Outputs {};

namespace detail {

template <class N> struct NodeInputs;
template <class L, int... Ids> struct NodeInputs<Node<L, Ids...>> {
  static constexpr int beyond_two = sizeof...(Ids) > 2 ? int{sizeof...(Ids)} - 2 : 0;
  // Is every input an output that there is? `outputs[v]`: how many value v has.
  static constexpr bool exist(const int* outputs, int limit) {
    return ((Ids >= 0 && (Ids & 0xffff) < limit && (Ids >> 16) < outputs[Ids & 0xffff]) && ...);
  }
};

// A layer that reads the values of these numbers. Apart from its graph, whose name is long: the
// compiler writes it into the name of each of its members.
template <class L, class Values, At... in> struct Placed;
template <class L, int... values, At... in>
struct Placed<L, std::integer_sequence<int, values...>, in...> {
  template <int k> static constexpr Shape output() { return output_of<L, k, in...>(); }
  template <class Lowering> static constexpr void lower(Lowering& l, const View* value, View* to) {
    const auto write = [&](const auto& made) {
      for (const View& view : made) *to++ = view;
    };
    if constexpr (sizeof...(values) > 0)
      write(lower_all<L, in...>(l, value[values]...));
    else
      write(lower_all<L, in...>(l, View{0, in.shape}...));
  }
};

template <bool complete, class Out, class... Nodes> struct GraphImpl;

template <bool complete, int... Outs, class... Nodes>
struct GraphImpl<complete, Outputs<Outs...>, Nodes...> {
  static constexpr int layers = sum_of({count_layers<typename Nodes::Layer>()...});
  static constexpr int views =
      sum_of({8, count_views<typename Nodes::Layer>() + 2 * NodeInputs<Nodes>::beyond_two...});
  static constexpr int outs[sizeof...(Outs)] = {Outs...};
  static constexpr int output_count = sizeof...(Outs);

  template <At... in> static constexpr Shape output() {
    static_assert(complete,
                  "Graph: the last argument must be Outputs<...>, naming the values that leave.");
    static_assert(output_count <= max_outputs ||
                      error::out_of_range<error::limit<max_outputs>, error::got<output_count>>,
                  "Graph: so many outputs do not work (limit). Join some of them, or make two "
                  "networks.");
    constexpr int inputs = sizeof...(in), wrong = wrong_node<inputs>();
    static_assert(
        wrong < 0 ||
            error::out_of_range<error::at_layer<first_layer<in...>() + layers_before(wrong)>>,
        "Graph: a node reads a value that does not exist yet; values are numbered from 0, "
        "the inputs first, then one per node.");
    constexpr bool leave = NodeInputs<Node<void, Outs...>>::exist(output_counts<inputs>.data(),
                                                                  inputs + int{sizeof...(Nodes)});
    static_assert(leave || error::out_of_range<error::limit<inputs + int{sizeof...(Nodes)} - 1>,
                                               error::got<Outs>...>,
                  "Graph: Outputs names a value that does not exist; values are numbered from 0, "
                  "the inputs first, then one per node.");
    if constexpr (complete && wrong < 0 && leave && output_count <= max_outputs) {
      // All of them: also what does not lead to the first output is lowered.
      constexpr bool sound = are_sound<in...>(std::index_sequence_for<Nodes...>());
      return sound ? at<outs[0], in...>.shape : no_shape;
    } else {
      return no_shape;
    }
  }

  // The view of output 0; of several outputs all stand in l.graph.outputs.
  template <At... in, class Lowering, class... Views>
  static constexpr View lower(Lowering& l, Views... inputs) {
    constexpr int count = sizeof...(in);
    View value[std::size_t{count + outputs_before(sizeof...(Nodes))}] = {inputs...};
    lower_each<in...>(l, value, std::index_sequence_for<Nodes...>());
    if constexpr (output_count > 1)
      for (int o = 0; o < output_count; ++o) l.graph.outputs[o] = value[slot<count>(outs[o])];
    return value[slot<count>(outs[0])];
  }

private:
  template <At... in> static constexpr int first_layer() {
    constexpr At ats[] = {in...};
    return ats[0].layer;
  }
  // How many outputs each value has.
  template <int inputs>
  static constexpr std::array<int, inputs + sizeof...(Nodes)> output_counts = [] {
    constexpr int own[] = {count_outputs<typename Nodes::Layer>()...};
    std::array<int, inputs + sizeof...(Nodes)> counts{};
    for (int v = 0; v < static_cast<int>(counts.size()); ++v)
      counts[static_cast<std::size_t>(v)] = v < inputs ? 1 : own[v - inputs];
    return counts;
  }();
  static constexpr int outputs_before(std::size_t node) {
    constexpr int own[] = {count_outputs<typename Nodes::Layer>()...};
    int sum = 0;
    for (std::size_t k = 0; k < node; ++k) sum += own[k];
    return sum;
  }
  // Where the views of all outputs, one after the other, have that of `id` (an Out).
  template <int inputs> static constexpr int slot(int id) {
    const int value = id & 0xffff;
    const std::size_t node = static_cast<std::size_t>(value < inputs ? 0 : value - inputs);
    return value < inputs ? value : inputs + outputs_before(node) + (id >> 16);
  }
  template <int inputs> static constexpr int wrong_node() {
    int node = 0, wrong = -1;
    auto check = [&](bool sound) {
      if (!sound && wrong < 0) wrong = node;
      ++node;
    };
    for (const auto exist : {&NodeInputs<Nodes>::exist...})
      check(exist(output_counts<inputs>.data(), inputs + node));
    return wrong;
  }
  static constexpr int layers_before(int node) {
    constexpr int counts[] = {count_layers<typename Nodes::Layer>()...};
    int sum = 0;
    for (int k = 0; k < node; ++k) sum += counts[k];
    return sum;
  }

  template <int Id, At... in> static constexpr At place() {
    constexpr int inputs = sizeof...(in);
    if constexpr (Id < inputs) {
      constexpr At ats[] = {in...};
      return ats[Id];
    } else {
      constexpr std::size_t node = (Id & 0xffff) - inputs;
      constexpr int layer = first_layer<in...>() + layers_before(node);
      return {placed<node, in...>::template output<(Id >> 16)>(), layer};
    }
  }
  template <int Id, At... in> static constexpr At at = place<Id, in...>();

  template <class N, int layer, At... in> struct PlacedOf;
  // A layer without inputs, such as a Variable, is told its place alone.
  template <class L, int layer, At... in>
  requires IsSource<L>
  struct PlacedOf<Node<L>, layer, in...> {
    using type = Placed<L, std::integer_sequence<int>, At{Shape{1, 1, 1}, layer}>;
  };
  template <class L, int... Ids, int layer, At... in>
  struct PlacedOf<Node<L, Ids...>, layer, in...> {
    using type = Placed<L, std::integer_sequence<int, slot<sizeof...(in)>(Ids)...>,
                        At{at<Ids, in...>.shape, layer}...>;
  };
  template <std::size_t node, At... in>
  using placed = typename PlacedOf<nth<node, Nodes...>, first_layer<in...>() + layers_before(node),
                                   in...>::type;

  template <At... in, std::size_t... K> static constexpr bool are_sound(std::index_sequence<K...>) {
    const bool each[] = {true, at<static_cast<int>(sizeof...(in) + K), in...>.shape.exists()...};
    for (bool sound : each)
      if (!sound) return false;
    return true;
  }
  template <At... in, class Lowering, std::size_t... K>
  static constexpr void lower_each(Lowering& l, View* value, std::index_sequence<K...>) {
    View* const to = value + sizeof...(in);
    [[maybe_unused]] const bool done[]{
        (placed<K, in...>::lower(l, value, to + outputs_before(K)), true)...};
  }
};

// What is no node is one without inputs: that is what it is reported as.
template <class T> struct AsNode { using type = Node<T>; };
template <class L, int... Ids> struct AsNode<Node<L, Ids...>> { using type = Node<L, Ids...>; };

template <class Last, class Sequence, class... Items> struct GraphSplit {
  using type = GraphImpl<false, Outputs<0>, Node<Identity, 0>>;
};
template <int Out, int... Outs, std::size_t... I, class... Items>
struct GraphSplit<Outputs<Out, Outs...>, std::index_sequence<I...>, Items...> {
  using type = GraphImpl<true, Outputs<Out, Outs...>, typename AsNode<nth<I, Items...>>::type...>;
};

}  // namespace detail

// Graph<Node<...>..., Outputs<...>>: nodes in an order in which each reads earlier values only.
template <class... Items>
struct Graph : detail::GraphSplit<detail::nth<sizeof...(Items) - 1, Items...>,
                                  std::make_index_sequence<sizeof...(Items) - 1>, Items...>::type {
};
template <> struct Graph<> : detail::GraphImpl<false, Outputs<0>, Node<Identity, 0>> {};

}  // namespace graven::core
