// Any instruction set, with the kernels of training before its own. A network that only answers
// never includes this.
#pragma once

#include "graven/isa/scalar/training/forward.hpp"
#include "graven/isa/scalar/training/gradients.hpp"
#include "graven/isa/scalar/training/losses.hpp"
#include "graven/isa/scalar/training/updates.hpp"
#include "graven/isa/scalar/training/windows.hpp"

namespace graven::core {

namespace scalar_isa {

using training =
    Prefer<Weights, TunedConv, TunedDepthwise, TunedDense, TunedSoftmax, ClampGradient,
           MapGradients, SoftmaxGradient, NormGradient, ConvGradient, DepthwiseGradient,
           DenseGradient, MaxPoolGradient, AverageGradient,
           UpdatesOf<op::dense_update, DenseUpdate>, UpdatesOf<op::conv_update, FullUpdate>,
           UpdatesOf<op::depthwise_update, DepthwiseUpdate>, UpdatesOf<op::bias_update, BiasUpdate>,
           LossesOf<op::loss, LossValue>, LossesOf<op::loss_gradient, LossGradient>>;

}  // namespace scalar_isa

template <class Isa> struct Training : Isa {
  using kernels = Prefer<scalar_isa::training, typename Isa::kernels>;
  static constexpr bool begins_empty = true;  // weights may be absent, to be random (run/check.hpp)
};

}  // namespace graven::core
