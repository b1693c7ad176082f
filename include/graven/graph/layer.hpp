// What a layer is, and where it stands.
#pragma once

#include "graven/error.hpp"
#include "graven/shape.hpp"

namespace graven::core {

// Where a layer stands: the shape that comes in, and the layer's index in reading order.
struct At {
  Shape shape{};
  int layer = 0;

  constexpr bool operator==(const At&) const = default;
};

namespace detail {

// What layers and combinators have in common, and whether this one takes so many inputs.
template <class L>
concept IsLayer = requires {
  L::op;
}
|| requires { L::layers; };
// A layer without inputs says so: static constexpr bool is_source = true.
template <class L>
concept IsSource = requires {
  requires L::is_source;
};
template <class L, At... in>
concept Yields = requires {
  L::template output<in...>();
};
template <class L, At... in>
concept YieldsMany = requires {
  L::outputs;
  L::template output<0, in...>();
};
template <class L, At... in>
concept Takes = sizeof...(in) > 0 && (Yields<L, in...> || YieldsMany<L, in...>);

// The shape of output k, as the layer says it.
template <class L, int k, At... in> constexpr Shape shape_by() {
  if constexpr (YieldsMany<L, in...>)
    return L::template output<k, in...>();
  else
    return L::template output<in...>();
}

template <At... in> constexpr int layer_of() {
  constexpr int layers[] = {in.layer..., 0};
  return layers[0];
}

// What is to be said about the type itself.
template <class L, At... in> constexpr bool is_sound_layer() {
  using Where = error::at_layer<layer_of<in...>()>;
  static_assert(IsLayer<L> || error::unsupported<Where, error::in<L>>,
                "Network: this type is no layer. Layers are types such as ReLU or Dense<6, 4>; "
                "several stand in a Sequential, a Residual, a Concat or a Graph.");
  static_assert(!IsLayer<L> || Takes<L, in...> ||
                    error::unsupported<Where, error::in<L>, error::got<int{sizeof...(in)}>>,
                "Network: this layer takes another number of inputs than it gets here. In a Graph, "
                "Node<Layer, values...> names one value per input.");
  return IsLayer<L> && Takes<L, in...>;
}

}  // namespace detail

}  // namespace graven::core
