// From the network's type to constexpr values: the graph.
#pragma once

#include "graven/graph/fuse.hpp"
#include "graven/graph/network.hpp"

#include <array>
#include <cstddef>
#include <utility>

namespace graven::core {

// Shapes of the inputs of a network with several: Model<Network, shapes(Shape{..}, Shape{..}), ...>
template <class... Shapes> constexpr auto shapes(Shapes... each) {
  return std::array<Shape, sizeof...(Shapes)>{each...};
}

namespace detail {

constexpr std::array<Shape, 1> input_shapes(Shape one) { return {one}; }
template <std::size_t N> constexpr std::array<Shape, N> input_shapes(std::array<Shape, N> all) {
  return all;
}
template <class T> constexpr std::array<Shape, 1> input_shapes(const T&) {
  static_assert(std::is_same_v<T, Shape> || error::unsupported<error::in<T>>,
                "Model: the second argument is the shape of the input, such as Shape{28, 28, 1}; "
                "of several inputs shapes(Shape{...}, Shape{...}).");
  return {no_shape};
}

template <class Network, auto inputs, std::size_t... I>
constexpr Shape output_shape(std::index_sequence<I...>) {
  constexpr bool exist = (inputs[I].exists() && ...);
  static_assert(
      exist || ((inputs[I] == no_shape) || ...) ||
          error::out_of_range<error::got<inputs[I].height>..., error::got<inputs[I].width>...,
                              error::got<inputs[I].channels>...>,
      "Model: height, width and channels of an input must each be at least 1.");
  constexpr bool small = (inputs[I].is_small() && ...);
  static_assert(small || error::out_of_range<error::limit<max_extent>>,
                "Shape: height, width and channels of an input may be at most 65535 each, and its "
                "elements fewer than 2^31.");
  if constexpr (exist && small)
    return detail::output<Network, At{inputs[I], 0}...>();
  else
    return no_shape;
}

template <class Network, auto inputs, const auto& params, bool fuse, bool whole, std::size_t... I>
constexpr auto lower_network(std::index_sequence<I...>) {
  constexpr int layers = count_layers<Network>(), count = sizeof...(I);
  constexpr int views = count_views<Network>();
  constexpr int copies = views > 4 * layers ? views - 4 * layers : 0;
  Lowering<2 * layers + copies + count + max_outputs, views + layers + max_outputs, layers> l{
      first_record<params>(), count_records<params>()};
  for (Shape shape : inputs) l.add_input(shape);
  const View out =
      detail::lower<Network, At{inputs[I], 0}...>(l, View{static_cast<int>(I), inputs[I]}...);
  if constexpr (requires { Network::output_count; }) l.graph.output_count = Network::output_count;
  if (l.graph.output_count < 2) {
    l.graph.output_count = 1;
    l.graph.outputs[0] = out;
  }
  for (int o = 0; o < l.graph.output_count; ++o) l.own_output(o);
  if (fuse) {
    fuse_activations(l.graph);
    fuse_delay_lines(l.graph);
    drop_unused(l.graph);
  }
  reshape_inputs(l.graph);
  narrow_copies(l.graph);
  if (whole) flatten_inputs(l.graph);
  drop_unused_views(l.graph);
  return l.graph;
}

template <class Network, auto inputs>
inline constexpr bool
    fits = output_shape<Network, inputs>(std::make_index_sequence<inputs.size()>()).exists();

// No mistake in shapes, layers and the kind of the parameters?
template <class Network, auto inputs, const auto& params>
inline constexpr bool is_whole = are_records<params>() && fits<Network, inputs>;

// A network with a mistake in it is replaced by an empty one: nothing more is said.
template <class Network, auto inputs, const auto& params, bool fuse, bool whole>
constexpr auto make_graph() {
  if constexpr (is_whole<Network, inputs, params>)
    return lower_network<Network, inputs, params, fuse, whole>(
        std::make_index_sequence<inputs.size()>());
  else
    return lower_network<Identity, std::array{Shape{}}, no_records, fuse, false>(
        std::index_sequence<0>());
}

}  // namespace detail

// `whole`: the inputs are there before a run begins, not row by row.
template <class Network, auto inputs, const auto& params, bool fuse, bool whole = false>
inline constexpr auto graph_of = detail::make_graph<Network, inputs, params, fuse, whole>();

}  // namespace graven::core
