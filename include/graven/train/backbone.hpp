// The first layers of a network that `graven compile` has made, to put others behind them:
//
//   using Tuned = graven::Sequential<Backbone<digits::Network, 10>, Dequantize,
//                                    TrainableDense<128, 10>>;
//   constexpr auto params = backbone_params<digits::params, 10, 2>;  // and two of their own, empty
#pragma once

#include "graven/graph/nodes.hpp"
#include "graven/params.hpp"

#include <array>
#include <cstddef>
#include <utility>

namespace graven::core {

namespace detail {

template <class Network, int count> struct FirstLayers {
  static_assert(count < 0 || error::unsupported<error::in<Network>>,
                "Backbone: the network must be a Graph of Nodes or a Sequential of layers.");
  using type = Identity;
};
template <int count, class Sequence, class... Items> struct FirstItems;
template <int count, std::size_t... I, class... Items>
struct FirstItems<count, std::index_sequence<I...>, Items...> {
  using Graph = core::Graph<nth<I, Items...>..., Outputs<count>>;
  using Sequential = core::Sequential<nth<I, Items...>...>;
};
template <class Network, int count, int all> constexpr bool has_layers() {
  static_assert((count >= 1 && count <= all) ||
                    error::out_of_range<error::in<Network>, error::got<count>, error::limit<all>>,
                "Backbone: the number of its layers must be from 1 to those of the network.");
  return count >= 1 && count <= all;
}
template <int count, class... Items> struct FirstLayers<Graph<Items...>, count> {
  static constexpr int all = int{sizeof...(Items)} - 1;
  static constexpr std::size_t kept = has_layers<Graph<Items...>, count, all>() ? count : 1;
  using type = typename FirstItems<int{kept}, std::make_index_sequence<kept>, Items...>::Graph;
};
template <int count, class... Items> struct FirstLayers<Sequential<Items...>, count> {
  static constexpr int all = sizeof...(Items);
  static constexpr std::size_t kept = has_layers<Sequential<Items...>, count, all>() ? count : 1;
  using type = typename FirstItems<int{kept}, std::make_index_sequence<kept>, Items...>::Sequential;
};

// What a type of its own, as generated headers have, says of its layers.
template <class... Items> Graph<Items...> sentence_of(const Graph<Items...>&);
template <class... Items> Sequential<Items...> sentence_of(const Sequential<Items...>&);
template <class Network> struct Sentence { using type = Network; };
template <class Network>
requires requires(const Network& network) { sentence_of(network); }
struct Sentence<Network> {
  using type = decltype(sentence_of(std::declval<const Network&>()));
};

}  // namespace detail

// The first `count` layers, of which the last is the output; nobody else may be left unread.
template <class Network, int count>
using Backbone =
    typename detail::FirstLayers<typename detail::Sentence<Network>::type, count>::type;

// The records of one input and of those layers, then so many empty ones.
template <const auto& params, int count, int more>
inline constexpr auto backbone_params = [] {
  std::array<Parameters, std::size_t{1 + count + more}> records{};
  for (std::size_t i = 0; i < 1 + count; ++i) records[i] = params[i];
  return records;
}();

}  // namespace graven::core
