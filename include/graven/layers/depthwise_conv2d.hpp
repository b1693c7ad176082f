// DepthwiseConv2D: out[y][x][c * Multiplier + m] = act(bias + sum over the window of in[...][c] *
// filter[...][c * Multiplier + m])
//
// Activations HWC, filters HWC (height, width, Channels * Multiplier); one scale per output channel
// or one for all; int32 bias. TFLite's DEPTHWISE_CONV_2D; arithmetic as in conv2d.hpp.
#pragma once

#include "graven/layers/conv2d.hpp"

namespace graven::core {

namespace op {
inline constexpr Op depthwise{"depthwise", Trait::clamps | Trait::weights | Trait::uncentred};
}

template <int Channels, int Multiplier, Filter filter, Stride stride = 1,
          Padding padding = Padding::valid, Activation activation = Activation::none,
          Dilation dilation = 1>
struct DepthwiseConv2D {
  static constexpr const char* op = "DEPTHWISE_CONV_2D";

  template <At in> static constexpr Shape output() {
    // Of the input's channels, so that one mistake in Channels ends in one sentence.
    constexpr int channels = saturated(std::int64_t{in.shape.channels} * Multiplier);
    constexpr Shape out =
        detail::window_output<DepthwiseConv2D, in, channels, filter, stride, dilation, padding>();
    static_assert(
        in.shape.channels == Channels ||
            error::channel_mismatch<error::at_layer<in.layer>, error::in<DepthwiseConv2D>,
                                    error::expected<Channels>, error::got<in.shape.channels>>,
        "DepthwiseConv2D: the incoming activation has a different channel count than "
        "Channels. Check the layer before it.");
    static_assert(
        detail::has_window(out) ||
            error::size_mismatch<error::at_layer<in.layer>, error::in<DepthwiseConv2D>,
                                 error::expected<filter.height>, error::got<in.shape.height>,
                                 error::expected<filter.width>, error::got<in.shape.width>>,
        "DepthwiseConv2D: the filter is larger than the incoming activation. Use padding "
        "`same`, a smaller filter, or less pooling before it.");
    return in.shape.channels == Channels && detail::has_window(out) ? out : no_shape;
  }

  // Over one channel it is a convolution whose filters lie side by side.
  template <At in, class Lowering> static constexpr View lower(Lowering& l, View input) {
    input = l.with_rows(input, in.layer);
    Value v = l.begin(Channels == 1 ? op::conv : op::depthwise, in.layer, output<in>(), input);
    set_window(v, input, filter, stride, dilation, padding);
    v.weights = {v.shape.channels, filter.area(), 1, v.shape.channels};
    v.activation = activation;
    v.macs = std::uint64_t(v.shape.size()) * filter.area();
    return l.add(v, input);
  }
};

}  // namespace graven::core
