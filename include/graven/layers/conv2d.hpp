// Conv2D: out[y][x][o] = act(bias[o] + sum over the window of in[...][c] * filter[o][...][c])
//
// Activations HWC, filters OHWI, int8 with one filter scale per output channel (or one for all),
// int32 bias, or float32 throughout. TFLite's CONV_2D: padding is the input's zero point. With
// groups > 1 the channels fall into as many parts: each output reads the inputs of its own part.
//
// How a row gets from input to output: `lower` makes one Value; the planner gives each of its
// output rows a step, in which the instruction set's kernel (isa/) gets pointers to the
// filter.height input rows that `set_window` names, gathers a patch per output pixel, multiplies
// it with the packed filters, and requantizes:
//   acc = folded[o] + sum(patch * filter[o]), with folded = bias[o] - zero_point_in *
//   sum(filter[o]) out = clamp(zero_point_out + requantize(acc, scale_in * scale_filter[o] /
//   scale_out))
#pragma once

#include "graven/graph/window.hpp"

namespace graven::core {

namespace op {
inline constexpr Op grouped_conv{"grouped_conv", Trait::clamps | Trait::weights};
}  // namespace op

struct ConvOptions {
  int groups = 1;
};

template <int InChannels, int OutChannels, Filter filter, Stride stride = 1,
          Padding padding = Padding::valid, Activation activation = Activation::none,
          Dilation dilation = 1, int groups = 1>
struct Conv2D {
  static constexpr const char* op = "CONV_2D";

  template <At in> static constexpr Shape output() {
    constexpr Shape out =
        detail::window_output<Conv2D, in, OutChannels, filter, stride, dilation, padding>();
    static_assert(
        in.shape.channels == InChannels ||
            error::channel_mismatch<error::at_layer<in.layer>, error::in<Conv2D>,
                                    error::expected<InChannels>, error::got<in.shape.channels>>,
        "Conv2D: the incoming activation has a different channel count than InChannels. "
        "Check the layer before it, or swap <in, out>.");
    constexpr int parts = groups > 0 ? groups : 1;
    constexpr bool divides = groups > 0 && InChannels % parts == 0 && OutChannels % parts == 0;
    static_assert(divides || error::channel_mismatch<error::at_layer<in.layer>, error::in<Conv2D>>,
                  "Conv2D: groups must divide InChannels and OutChannels.");
    static_assert(
        detail::has_window(out) ||
            error::size_mismatch<error::at_layer<in.layer>, error::in<Conv2D>,
                                 error::expected<filter.height>, error::got<in.shape.height>,
                                 error::expected<filter.width>, error::got<in.shape.width>>,
        "Conv2D: the filter is larger than the incoming activation. Use padding `same`, "
        "a smaller filter, or less pooling before it.");
    const bool sound = in.shape.channels == InChannels && divides && detail::has_window(out);
    return sound ? out : no_shape;
  }

  template <At in, class Lowering> static constexpr View lower(Lowering& l, View input) {
    input = l.with_rows(input, in.layer);
    Value v = l.begin(groups == 1 ? op::conv : op::grouped_conv, in.layer, output<in>(), input);
    set_window(v, input, filter, stride, dilation, padding);
    v.options.set(ConvOptions{groups});
    constexpr int taps = saturated(std::int64_t{filter.area()} * (InChannels / groups));
    v.weights = {OutChannels, taps, taps, 1};
    v.activation = activation;
    v.macs = std::uint64_t(v.shape.size()) * taps;
    return l.add(v, input);
  }
};

}  // namespace graven::core
