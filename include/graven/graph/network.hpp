// Sentences of layers: Sequential here, Residual (layers/add.hpp) and Concat (layers/concat.hpp)
// for the common cases, Graph (nodes.hpp) for any DAG.
//
// A layer is a struct of compile-time numbers with
//   template <At... in> static constexpr Shape output();  its shape rule, with asserts; no_shape
//                                                         where one of them has failed
//   template <At... in> static constexpr View lower(auto& lowering, View... inputs);
// or, with several outputs,
//   static constexpr int outputs = n;
//   template <int k, At... in> static constexpr Shape output();
//   template <At... in> static constexpr std::array<View, n> lower(auto& lowering, View... inputs);
// A combinator has the same two members and `layers`, the number of layers inside.
#pragma once

#include "graven/graph/arguments.hpp"
#include "graven/graph/layer.hpp"
#include "graven/graph/lowering.hpp"

#include <array>
#include <cstddef>
#include <initializer_list>
#include <utility>

namespace graven::core {

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
  else if constexpr (requires { L::outputs; })
    return 4 + 2 * L::outputs;
  else
    return 4;
}

// No folds over layers, here and below: clang nests at most 256 of their operators.
constexpr int sum_of(std::initializer_list<int> numbers) {
  int sum = 0;
  for (const int number : numbers) sum += number;
  return sum;
}

// How many outputs a layer has, and where in a graph they stand: Out<node, k>.
template <class L> constexpr int count_outputs() {
  if constexpr (requires { L::outputs; })
    return L::outputs;
  else
    return 1;
}

// The shape of a layer's output k. Behind a mistake, which somebody has reported, nothing more is
// said; sizes of 0 or below that nobody has spoken of are a mistake.
template <class L, int k, At... in> constexpr Shape output_of() {
  if constexpr (((in.shape == no_shape) || ...)) {
    return no_shape;
  } else if constexpr (!is_sound_layer<L, in...>() ||
                       !has_sound_arguments<L, error::at_layer<layer_of<in...>()>>()) {
    return no_shape;
  } else if constexpr (k > 0 && output_of<L, 0, in...>() == no_shape) {
    return no_shape;
  } else {
    constexpr Shape out = shape_by<L, k, in...>();
    static_assert(out == no_shape || out.exists() ||
                      error::out_of_range<error::at_layer<layer_of<in...>()>, error::in<L>,
                                          error::got<out.height>, error::got<out.width>,
                                          error::got<out.channels>>,
                  "Network: height, width and channels of a layer's output must each be at least "
                  "1.");
    static_assert(out.is_small() ||
                      error::out_of_range<error::at_layer<layer_of<in...>()>, error::in<L>,
                                          error::got<out.height>, error::got<out.width>,
                                          error::got<out.channels>>,
                  "Shape: height, width and channels of a layer's output may be at most 65535 "
                  "each, and its elements fewer than 2^31.");
    return out.exists() && out.is_small() ? out : no_shape;
  }
}
template <class L, At... in> constexpr Shape output() {
  constexpr int outputs = count_outputs<L>();
  static_assert(
      outputs == 1 ||
          error::unsupported<error::at_layer<layer_of<in...>()>, error::in<L>, error::got<outputs>>,
      "Network: this layer has several outputs, of which a Sequential, a Residual or a "
      "Concat could pass on one only. Make it a Node of a Graph, and name its outputs "
      "Out<node, k>.");
  if constexpr (outputs == 1)
    return output_of<L, 0, in...>();
  else
    return no_shape;
}

// The views that a layer or a combinator yields; single layers are noted under their index.
template <class L, At... in, class Lowering, class... Ins>
constexpr auto lower_all(Lowering& lowering, Ins... ins) {
  std::array<View, static_cast<std::size_t>(count_outputs<L>())> views{};
  if constexpr (requires { L::outputs; })
    views = L::template lower<in...>(lowering, ins...);
  else
    views[0] = L::template lower<in...>(lowering, ins...);
  if constexpr (!requires { L::layers; }) {
    constexpr At first[] = {in...};
    lowering.graph.layers[first[0].layer] = views[0];
    lowering.graph.ops[first[0].layer] = L::op;
  }
  return views;
}
template <class L, At... in, class Lowering, class... Ins>
constexpr View lower(Lowering& lowering, Ins... ins) {
  return lower_all<L, in...>(lowering, ins...)[0];
}

// An elementwise function; `fixed` is the output quantization that the function has by definition.
template <At in, class Lowering>
constexpr View lower_map(Lowering& l, View input, Function function, Quant fixed) {
  input = l.with_rows(input, in.layer);
  Value v = l.begin(op::map, in.layer, in.shape, input);
  v.function = function;
  v.elementwise = true;
  if (!l.has_quant(in.layer) && v.element == Element::int8) v.quant = fixed;
  // The functions that have fixed scales have this one.
  if (!l.has_quant(in.layer) && v.element == Element::int16) v.quant = {1.0f / 32768, 0};
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
    const View made[]{view, (view = detail::lower<detail::nth<K, Ls...>, at<in, K>>(l, view))...};
    return made[sizeof...(K)];
  }
};

// Passes its input on: the shortcut of most residual blocks.
using Identity = Sequential<>;

}  // namespace graven::core
