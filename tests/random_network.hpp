// Random parameters for any network, made by the compiler, and the policies to run it under.
#pragma once

#include <graven/graven.hpp>

namespace test {

using namespace graven;

using namespace graven::core;

constexpr std::uint32_t next_random(std::uint32_t& state) {
  state ^= state << 13;
  state ^= state >> 17;
  return state ^= state << 5;
}

template <std::size_t... I> constexpr auto indices(std::index_sequence<I...>) {
  return std::integer_sequence<int, static_cast<int>(I)...>();
}
template <int N>
using Indices = decltype(indices(std::make_index_sequence<static_cast<std::size_t>(N)>()));

// `Random<Network, inputs, element, seed>::params`: filters, biases, scales and output quantization
// of every layer. Two passes: the first graph, without weights, says what sizes each layer needs.
template <class Network, auto inputs, Element element, std::uint32_t seed,
          class Layers = Indices<graven::core::detail::count_layers<Network>()>,
          class Ins = Indices<static_cast<int>(inputs.size())>>
struct Random;

template <class Network, auto inputs, Element element, std::uint32_t seed, int... Layer, int... In>
struct Random<Network, inputs, element, seed, std::integer_sequence<int, Layer...>,
              std::integer_sequence<int, In...>> {
  static constexpr Quant quant_of(int record) {
    std::uint32_t state = seed * 2654435761u + static_cast<std::uint32_t>(record) * 40503u + 1;
    next_random(state);
    const int zero = static_cast<int>(next_random(state) % 61) - 30;
    if (element != Element::int8) return {};
    return {0.03f + 0.001f * static_cast<float>(next_random(state) % 64), zero};
  }
  static constexpr Parameters bare[] = {{.output = quant_of(In)}...,
                                        ((void)Layer, Parameters{})...};
  static constexpr auto graph =
      graven::core::detail::lower_network<Network, inputs, bare, false, false>(
          std::make_index_sequence<inputs.size()>());

  static constexpr bool weighted(Op op) {
    return op == op::conv || op == op::depthwise || op == op::dense;
  }
  static constexpr bool requantizes(Op op) {
    return weighted(op) || op == op::add || op == op::concat || op == op::mean;
  }
  template <int layer> static constexpr int filter_size() {
    constexpr Value v = graph.values[graph.layers[layer].value];
    if constexpr (weighted(v.op) && v.layer == layer) return v.weights.size();
    return 0;
  }

  template <int layer> struct Arrays {
    static constexpr Value value = graph.values[graph.layers[layer].value];
    static constexpr int taps = filter_size<layer>(), channels = value.shape.channels;
    static constexpr std::size_t size = taps > 0 ? taps : 1, outputs = std::size_t{channels};
    std::int8_t filter[size]{};
    std::int32_t bias[outputs]{};
    float scale[outputs]{}, real_filter[size]{}, real_bias[outputs]{};
  };
  template <int layer> static constexpr Arrays<layer> make_arrays() {
    Arrays<layer> a{};
    std::uint32_t state = seed * 69069u + static_cast<std::uint32_t>(layer) * 7919u + 3;
    for (int i = 0; i < Arrays<layer>::taps; ++i) {
      a.filter[i] = static_cast<std::int8_t>(next_random(state) >> 9);
      a.real_filter[i] = static_cast<float>(a.filter[i]) / 256.0f;
    }
    for (int o = 0; o < Arrays<layer>::channels; ++o) {
      a.bias[o] = static_cast<std::int32_t>(next_random(state) % 2001) - 1000;
      a.real_bias[o] = static_cast<float>(a.bias[o]) / 1000.0f;
      a.scale[o] = 0.001f + 0.0001f * static_cast<float>(next_random(state) % 32);
    }
    return a;
  }
  template <int layer> static constexpr Arrays<layer> arrays = make_arrays<layer>();

  template <int layer> static constexpr Parameters record() {
    constexpr Value v = graph.values[graph.layers[layer].value];
    Parameters p{};
    if (v.layer != layer) return p;
    if (requantizes(v.op)) p.output = quant_of(static_cast<int>(inputs.size()) + layer);
    if (!weighted(v.op)) return p;
    p.filter.size = Arrays<layer>::taps;
    p.bias.size = Arrays<layer>::channels;
    p.filter.element = p.bias.element = element;
    if (element == Element::int8) {
      p.bias.element = Element::int32;
      p.filter.int8 = arrays<layer>.filter;
      p.bias.int32 = arrays<layer>.bias;
      p.scale.element = Element::float32;
      p.scale.size = seed % 2 == 0 ? 1 : Arrays<layer>::channels;
      p.scale.float32 = arrays<layer>.scale;
    } else {
      p.filter.float32 = arrays<layer>.real_filter;
      p.bias.float32 = arrays<layer>.real_bias;
    }
    return p;
  }
  static constexpr Parameters params[] = {{.output = quant_of(In)}..., record<Layer>()...};
};

// A network with its random parameters under a policy: the model, and what the compiler knows.
template <class Net, auto Input, Element element, std::uint32_t seed,
          plan::Policy policy = plan::fastest, class Isa = scalar>
struct Subject {
  static constexpr auto inputs = graven::core::detail::input_shapes(Input);
  using Source = Random<Net, inputs, element, seed>;
  static constexpr const auto& params = Source::params;
  static constexpr const auto& graph =
      graph_of<Net, inputs, Source::params, policy.fuse, !policy.row_input>;
  using Engine =
      graven::core::Engine<graph_of<Net, inputs, Source::params, policy.fuse, !policy.row_input>,
                           Isa, Source::params, policy>;
  using OnArena = ModelOn<Net, Input, Source::params, Isa, policy>;
  using Owner = Model<Net, Input, Source::params, Isa, policy>;
  static constexpr plan::Policy used = policy;
};

// Two patterns of values that are finished first; the rest streams.
inline constexpr plan::Policy streamed{.order = plan::Order::stream};
inline constexpr plan::Policy kept{.keep_input = true};
inline constexpr plan::Policy by_layers{.order = plan::Order::layers};
inline constexpr plan::Policy mixed{.order = plan::Order::mixed, .whole = {0x5555555555555555u}};
inline constexpr plan::Policy thirds{
    .order = plan::Order::mixed, .keep_input = true, .whole = {0x9249249249249249u}};
inline constexpr plan::Policy apart{.apart = true};
inline constexpr plan::Policy unfused{.fuse = false};

}  // namespace test
