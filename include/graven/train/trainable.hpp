// Trainable<Layer>: a layer whose weights a Trainer changes; to a Model it is the Layer.
//
//   using Tuned = graven::Sequential<Backbone, Dequantize, TrainableDense<64, 10>>;
//
// With any of them in a network, policies that name no layers (learns::all, learns::biases) mean
// these.
#pragma once

#include "graven/layers/dense.hpp"
#include "graven/train/scope.hpp"

namespace graven::core {

template <class Layer> struct Trainable {
  static constexpr const char* op = Layer::op;

  template <At in> static constexpr Shape output() {
    constexpr Shape out = Layer::template output<in>();
    constexpr bool is_able = out == no_shape || can_learn<in>();
    static_assert(is_able || error::unsupported<error::at_layer<in.layer>, error::in<Layer>>,
                  "Trainable: this layer has no weights that can learn. Dense, Conv2D, "
                  "DepthwiseConv2D, Conv3D, TransposeConv2D, LayerNorm, RMSNorm, GRU and Embedding "
                  "have.");
    return is_able ? out : no_shape;
  }
  template <At in, class Lowering> static constexpr View lower(Lowering& l, View input) {
    const int first = l.graph.count;
    const View made = Layer::template lower<in>(l, input);
    for (int v = first; v < l.graph.count; ++v) l.graph.values[v].trainable = true;
    return made;
  }

private:
  // Is one of its values of such an operator? Its parameters do not matter.
  template <At in> static constexpr bool can_learn() {
    Lowering<8 + detail::count_views<Layer>(), 16 + 4 * detail::count_views<Layer>(), 1> l{
        &no_parameters, 0};
    l.add_input(in.shape);
    Layer::template lower<in>(l, View{0, in.shape});
    for (int v = 1; v < l.graph.count; ++v)
      if (detail::can_learn(l.graph.values[v].op)) return true;
    return false;
  }
};

template <int In, int Out, Activation activation = Activation::none>
using TrainableDense = Trainable<Dense<In, Out, activation>>;

}  // namespace graven::core
