// LayerNorm: (x - mean) / sqrt(variance + epsilon) * gamma[c] + beta[c] over each pixel's channels;
// RMSNorm: x / sqrt(mean of squares + epsilon) * gamma[c]
//
// PyTorch's layer_norm and rms_norm over the last axis: the variance is the mean of the squared
// differences. The record has by name `gamma` and `beta`, float and one per channel; without them
// they are ones and zeros. int8 and int16 activations have the mean and the variance from exact
// sums of integers; what is left is float, the same bits on every core.
#pragma once

#include "graven/graph/network.hpp"

namespace graven::core {

namespace op {
inline constexpr Op layer_norm{"layer_norm"};
}

struct LayerNormOptions {
  int centred = 1;  // less the mean
  float epsilon = 1e-5f;
};

namespace detail {

template <bool centred, Real Epsilon> struct Normalization {
  static constexpr const char* op = centred ? "LAYER_NORM" : "RMS_NORM";

  template <At in> static constexpr Shape output() {
    constexpr bool sound = Epsilon.value() >= 0;
    static_assert(sound || error::out_of_range<error::at_layer<in.layer>, error::in<Normalization>>,
                  "LayerNorm: Epsilon, what is added to the variance, must be 0 or more.");
    return sound ? in.shape : no_shape;
  }
  template <At in, class Lowering> static constexpr View lower(Lowering& l, View input) {
    input = l.with_rows(input, in.layer);
    Value v = l.begin(op::layer_norm, in.layer, in.shape, input);
    v.options.set(LayerNormOptions{centred, Epsilon.value()});
    v.wanted = wanted<in.shape.channels>;
    return l.add(v, input);
  }

private:
  template <int channels>
  static constexpr Wanted wanted[]{{"gamma", channels, Element::float32, false, true},
                                   {"beta", channels, Element::float32, false, true}};
};

}  // namespace detail

template <Real Epsilon> using LayerNormWith = detail::Normalization<true, Epsilon>;
template <Real Epsilon> using RMSNormWith = detail::Normalization<false, Epsilon>;
using LayerNorm = LayerNormWith<1e-5f>;
using RMSNorm = RMSNormWith<1e-5f>;

}  // namespace graven::core
