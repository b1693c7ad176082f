// TransposeConv2D: a convolution backwards: out[y * stride + i - top][x * stride + j - left][o]
// gets in[y][x][c] * filter[o][i][j][c], for all i and j; then bias and activation
//
// TFLite's TRANSPOSE_CONV, filters OHWI. A Conv2D of the same filter sides, stride and padding
// leads from its output back to the input. Several sizes do if the stride is above 1: `size` is the
// one meant; without it `same` makes stride times as many rows and columns, and `valid` as many as
// the filter reaches, at least that.
//
// An output row is gathered: it reads rows ceil((y + top - filter + 1) / stride) to
// (y + top) / stride of the input, whose rows stream through. Arithmetic as in conv2d.hpp.
#pragma once

#include "graven/graph/window.hpp"

namespace graven::core {

namespace op {
inline constexpr Op transpose_conv{"transpose_conv", Trait::clamps | Trait::weights |
                                                         Trait::uncentred | Trait::numbered};
}

struct TransposeConvOptions {
  int filter_height = 1, stride_height = 1, top = 0;
};

template <int InChannels, int OutChannels, Filter filter, Stride stride = 1,
          Padding padding = Padding::valid, Activation activation = Activation::none,
          Extent size = 0>
struct TransposeConv2D {
  static constexpr const char* op = "TRANSPOSE_CONV";

  template <At in> static constexpr Shape output() {
    static_assert(
        in.shape.channels == InChannels ||
            error::channel_mismatch<error::at_layer<in.layer>, error::in<TransposeConv2D>,
                                    error::expected<InChannels>, error::got<in.shape.channels>>,
        "TransposeConv2D: the incoming activation has a different channel count than "
        "InChannels. Check the layer before it, or swap <in, out>.");
    constexpr Shape out = made(in.shape);
    constexpr Shape back = detail::window_output<TransposeConv2D, At{out, in.layer}, OutChannels,
                                                 filter, stride, 1, padding>();
    constexpr bool fits =
        back == no_shape || (back.height == in.shape.height && back.width == in.shape.width);
    static_assert(fits ||
                      error::size_mismatch<error::at_layer<in.layer>, error::in<TransposeConv2D>,
                                           error::got<out.height>, error::got<out.width>>,
                  "TransposeConv2D: from an output of this size (height, width) a convolution of "
                  "this filter, stride and padding does not lead back to the input. Check `size`.");
    return in.shape.channels == InChannels && fits && back != no_shape ? out : no_shape;
  }

  template <At in, class Lowering> static constexpr View lower(Lowering& l, View input) {
    input = l.with_rows(input, in.layer);
    Value v = l.begin(op::transpose_conv, in.layer, output<in>(), input);
    Value forwards{};
    View there{.shape = v.shape};
    forwards.shape = in.shape;
    set_window(forwards, there, filter, stride, 1, padding);
    const int top = -there.rows.first, count = (filter.height - 1) / stride.height + 1;
    input.rows = {top - (count - 1) * stride.height, 1, stride.height, count};
    v.filter = filter;
    v.stride = stride;
    v.left = forwards.left;
    v.options.set(TransposeConvOptions{filter.height, stride.height, top});
    constexpr int taps = saturated(std::int64_t{filter.area()} * InChannels);
    v.weights = {OutChannels, taps, taps, 1};
    v.activation = activation;
    v.macs = std::uint64_t(in.shape.size()) * filter.area() * OutChannels;
    return l.add(v, input);
  }

private:
  static constexpr int along(int given, int in, int side, int step) {
    if (given > 0) return given;
    const std::int64_t from = padding == Padding::same ? in : in - 1,
                       wide = side > step ? side : step;
    return saturated(from * step + (padding == Padding::same ? 0 : wide));
  }
  static constexpr Shape made(Shape in) {
    return {along(size.height, in.height, filter.height, stride.height),
            along(size.width, in.width, filter.width, stride.width), OutChannels};
  }
};

}  // namespace graven::core
