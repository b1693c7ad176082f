// Trainable<Layer>: a layer whose weights a Trainer changes; to a Model it is the Layer.
//
//   using Tuned = graven::Sequential<Backbone, Dequantize, TrainableDense<64, 10>>;
//
// With any of them in a network, policies that name no layers (learns::all, learns::biases) mean
// these.
#pragma once

#include "graven/layers/dense.hpp"

namespace graven::core {

template <class Layer> struct Trainable {
  static constexpr const char* op = Layer::op;

  template <At in> static constexpr Shape output() { return Layer::template output<in>(); }
  template <At in, class Lowering> static constexpr View lower(Lowering& l, View input) {
    const View made = Layer::template lower<in>(l, input);
    l.graph.values[made.value].trainable = true;
    return made;
  }
};

template <int In, int Out, Activation activation = Activation::none>
using TrainableDense = Trainable<Dense<In, Out, activation>>;

}  // namespace graven::core
