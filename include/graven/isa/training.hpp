// Any instruction set, with the kernels of training before its own. A network that only answers
// never includes this.
#pragma once

#include "graven/isa/scalar/training/forward.hpp"
#include "graven/isa/scalar/training/gradients.hpp"
#include "graven/isa/scalar/training/gru.hpp"
#include "graven/isa/scalar/training/losses.hpp"
#include "graven/isa/scalar/training/norms.hpp"
#include "graven/isa/scalar/training/tables.hpp"
#include "graven/isa/scalar/training/updates.hpp"
#include "graven/isa/scalar/training/volumes.hpp"
#include "graven/isa/scalar/training/windows.hpp"

namespace graven::core {

namespace scalar_isa {

using training =
    Prefer<Weights, TunedConv, TunedDepthwise, TunedDense, TunedVolume<false>, TunedVolume<true>,
           TunedNorm, TunedGru, TunedSoftmax, ClampGradient, MapGradients, SoftmaxGradient,
           NormGradient, ConvGradient, DepthwiseGradient, VolumeGradient<false>,
           VolumeGradient<true>, DenseGradient, MaxPoolGradient, AverageGradient, PartGradient,
           PlaceGradient, SumGradient, GruSumsGradient, GruGradient,
           UpdatesOf<op::dense_update, DenseUpdate>, UpdatesOf<op::conv_update, FullUpdate>,
           UpdatesOf<op::depthwise_update, DepthwiseUpdate>, UpdatesOf<op::bias_update, BiasUpdate>,
           UpdatesOf<op::volume_update, Conv3DUpdate>,
           UpdatesOf<op::transpose_update, TransposeUpdate>, UpdatesOf<op::norm_update, NormUpdate>,
           UpdatesOf<op::gru_update, GruUpdate>, UpdatesOf<op::table_update, TableUpdate>,
           LossesOf<op::loss, LossValue>, LossesOf<op::loss_gradient, LossGradient>>;

}  // namespace scalar_isa

template <class Isa> struct Training : Isa {
  using kernels = Prefer<scalar_isa::training, typename Isa::kernels>;
  // Weights may be absent, to be random: filters (run/check.hpp), and the constants of such layers.
  static constexpr bool begins_empty = true;
  static constexpr bool begins_without(const Value& v) {
    return v.op == op::gru && v.element == Element::float32;
  }
};

}  // namespace graven::core
