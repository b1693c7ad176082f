// Sentences of layers: Sequential here, Residual (layers/add.hpp) and Concat (layers/concat.hpp)
// for the common cases, Graph for any DAG.
//
// A layer is a struct of compile-time numbers with
//   template <At... in> static constexpr Shape output();              its shape rule, with asserts
//   template <At... in> static constexpr View lower(auto& lowering, View... inputs);
// A combinator has the same two members and `layers`, the number of layers inside.
#pragma once

#include "graven/error.hpp"
#include "graven/graph/lowering.hpp"

#include <cstddef>
#include <initializer_list>
#include <type_traits>
#include <utility>

namespace graven::core {

// Where a layer stands: the shape that comes in, and the layer's index in reading order.
struct At {
  Shape shape{};
  int layer = 0;

  constexpr bool operator==(const At&) const = default;
};

namespace detail {

template <class L> constexpr int count_layers() {
  if constexpr (requires { L::layers; })
    return L::layers;
  else
    return 1;
}

template <class L> constexpr int count_views() {  // upper bound
  if constexpr (requires { L::views; })
    return L::views;
  else
    return 4;
}

// No folds over layers, here and below: clang nests at most 256 of their operators.
constexpr int sum_of(std::initializer_list<int> numbers) {
  int sum = 0;
  for (const int number : numbers) sum += number;
  return sum;
}

// The shape of a layer's output; behind a mistake nothing more is said.
template <class L, At... in> constexpr Shape output() {
  if constexpr ((in.shape.exists() && ...))
    return L::template output<in...>();
  else
    return no_shape;
}

// A layer or a combinator; single layers are noted under their index.
template <class L, At... in, class Lowering, class... Views>
constexpr View lower(Lowering& lowering, Views... views) {
  const View view = L::template lower<in...>(lowering, views...);
  if constexpr (!requires { L::layers; }) {
    constexpr At first[] = {in...};
    lowering.graph.layers[first[0].layer] = view;
    lowering.graph.ops[first[0].layer] = L::op;
  }
  return view;
}

// An elementwise function; `fixed` is the output quantization that the function has by definition.
template <At in, class Lowering>
constexpr View lower_map(Lowering& l, View input, Function function, Quant fixed) {
  input = l.with_rows(input, in.layer);
  Value v = l.begin(op::map, in.layer, in.shape, input);
  v.function = function;
  v.elementwise = true;
  if (!l.has_quant(in.layer) && v.element == Element::int8) v.quant = fixed;
  return l.add(v, input);
}
// An activation by itself, and any change of scale.
template <At in, class Lowering>
constexpr View lower_clamp(Lowering& l, View input, Activation activation) {
  input = l.with_rows(input, in.layer);
  Value v = l.begin(op::clamp, in.layer, in.shape, input);
  v.activation = activation;
  v.elementwise = true;
  return l.add(v, input);
}

// Pack indexing without recursion.
template <std::size_t I, class T> struct Indexed { using type = T; };
template <class Indices, class... Ts> struct IndexedPack;
template <std::size_t... I, class... Ts>
struct IndexedPack<std::index_sequence<I...>, Ts...> : Indexed<I, Ts>... {};
template <std::size_t I, class T> Indexed<I, T> select(const Indexed<I, T>&);
template <std::size_t I, class... Ts>
using nth = typename decltype(select<I>(
    std::declval<IndexedPack<std::index_sequence_for<Ts...>, Ts...>>()))::type;

}  // namespace detail

// Layers one after the other.
template <class... Ls> struct Sequential {
  static constexpr int layers = detail::sum_of({0, detail::count_layers<Ls>()...});
  static constexpr int views = detail::sum_of({0, detail::count_views<Ls>()...});

  template <At in> static constexpr Shape output() { return at<in, sizeof...(Ls)>.shape; }

  template <At in, class Lowering> static constexpr View lower(Lowering& l, View view) {
    return lower_each<in>(l, view, std::make_index_sequence<sizeof...(Ls)>());
  }

private:
  template <At in, std::size_t K> static constexpr At next() {
    if constexpr (K == 0) {
      return in;
    } else {
      using Layer = detail::nth<K - 1, Ls...>;
      constexpr At before = at<in, K - 1>;
      return {detail::output<Layer, before>(), before.layer + detail::count_layers<Layer>()};
    }
  }
  template <At in, std::size_t K> static constexpr At at = next<in, K>();

  template <At in, class Lowering, std::size_t... K>
  static constexpr View lower_each(Lowering& l, View view, std::index_sequence<K...>) {
    const View views[]{view, (view = detail::lower<detail::nth<K, Ls...>, at<in, K>>(l, view))...};
    return views[sizeof...(K)];
  }
};

// Passes its input on: the shortcut of most residual blocks.
using Identity = Sequential<>;

// ---- Graph ----------------------------------------------------------------------------------

// A layer and the values it reads. The inputs of the graph are values 0, 1, ...; node k yields
// value (number of inputs) + k. Name them with an enum.
template <class L, int... Inputs> struct Node { using Layer = L; };

// The values that leave the graph.
template <int... Values> struct Outputs {};

namespace detail {

template <class... Nodes> struct NodeList {};

template <class N> struct NodeInputs;
template <class L, int... Ids> struct NodeInputs<Node<L, Ids...>> {
  static constexpr int beyond_two = sizeof...(Ids) > 2 ? int{sizeof...(Ids)} - 2 : 0;
  static constexpr bool lie_below(int limit) { return ((Ids >= 0 && Ids < limit) && ...); }
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
    constexpr int inputs = sizeof...(in), wrong = wrong_node(inputs);
    static_assert(
        wrong < 0 ||
            error::out_of_range<error::at_layer<first_layer<in...>() + layers_before(wrong)>>,
        "Graph: a node reads a value that does not exist yet; values are numbered from 0, "
        "the inputs first, then one per node.");
    constexpr bool leave = ((Outs >= 0 && Outs < inputs + int{sizeof...(Nodes)}) && ...);
    static_assert(leave || error::out_of_range<error::limit<inputs + int{sizeof...(Nodes)} - 1>,
                                               error::got<Outs>...>,
                  "Graph: Outputs names a value that does not exist; values are numbered from 0, "
                  "the inputs first, then one per node.");
    if constexpr (complete && wrong < 0 && leave)
      return at<outs[0], in...>.shape;
    else
      return no_shape;
  }

  // `all_outputs` receives a view per output.
  template <At... in, class Lowering, class... Views>
  static constexpr View lower(Lowering& l, Views... inputs) {
    View value[sizeof...(in) + sizeof...(Nodes)] = {inputs...};
    lower_each<in...>(l, value, std::index_sequence_for<Nodes...>());
    if constexpr (output_count > 1)
      for (int o = 0; o < output_count; ++o) l.graph.outputs[o] = value[outs[o]];
    return value[outs[0]];
  }

private:
  template <At... in> static constexpr int first_layer() {
    constexpr At ats[] = {in...};
    return ats[0].layer;
  }
  static constexpr int wrong_node(int inputs) {
    int node = 0, wrong = -1;
    auto check = [&](bool sound) {
      if (!sound && wrong < 0) wrong = node;
      ++node;
    };
    for (const auto lie_below : {&NodeInputs<Nodes>::lie_below...}) check(lie_below(inputs + node));
    return wrong;
  }
  static constexpr int layers_before(int node) {
    constexpr int counts[] = {count_layers<typename Nodes::Layer>()...};
    int sum = 0;
    for (int k = 0; k < node; ++k) sum += counts[k];
    return sum;
  }

  template <class N, int Layer, At... in> struct Placed;
  template <class L, int... Ids, int Layer, At... in> struct Placed<Node<L, Ids...>, Layer, in...> {
    static constexpr Shape output() {
      return detail::output<L, At{at<Ids, in...>.shape, Layer}...>();
    }
    template <class Lowering> static constexpr View lower(Lowering& l, const View* value) {
      return detail::lower<L, At{at<Ids, in...>.shape, Layer}...>(l, value[Ids]...);
    }
  };

  template <int Id, At... in> static constexpr At place() {
    constexpr int inputs = sizeof...(in);
    if constexpr (Id < inputs) {
      constexpr At ats[] = {in...};
      return ats[Id];
    } else {
      constexpr std::size_t node = Id - inputs;
      constexpr int layer = first_layer<in...>() + layers_before(node);
      return {Placed<nth<node, Nodes...>, layer, in...>::output(), layer};
    }
  }
  template <int Id, At... in> static constexpr At at = place<Id, in...>();

  template <At... in, class Lowering, std::size_t... K>
  static constexpr void lower_each(Lowering& l, View* value, std::index_sequence<K...>) {
    const auto lower = [&]<int node>() {
      using L = Placed<nth<node, Nodes...>, first_layer<in...>() + layers_before(node), in...>;
      value[int{sizeof...(in)} + node] = L::lower(l, value);
      return true;
    };
    [[maybe_unused]] const bool done[]{lower.template operator()<static_cast<int>(K)>()...};
  }
};

template <class Last, class Sequence, class... Items> struct GraphSplit {
  using type = GraphImpl<false, Outputs<0>>;
};
template <int... Outs, std::size_t... I, class... Items>
struct GraphSplit<Outputs<Outs...>, std::index_sequence<I...>, Items...> {
  using type = GraphImpl<true, Outputs<Outs...>, nth<I, Items...>...>;
};

}  // namespace detail

// Graph<Node<...>..., Outputs<...>>: nodes in an order in which each reads earlier values only.
template <class... Items>
struct Graph : detail::GraphSplit<detail::nth<sizeof...(Items) - 1, Items...>,
                                  std::make_index_sequence<sizeof...(Items) - 1>, Items...>::type {
};

}  // namespace graven::core
