// Transposed convolutions: filters that overlap, touch, and leave gaps; between other layers.
#include "compare.hpp"

namespace parity {

namespace {

template <Style style> void some() {
  compare<Sequential<TransposeConv2D<5, 3, 2, 2>>, Shape{3, 4, 5}, style>("2x2, stride 2");
  compare<Sequential<TransposeConv2D<4, 3, 3, 2, same, relu>>, Shape{4, 3, 4}, style>("3x3, same");
  compare<Sequential<TransposeConv2D<2, 5, Extent(2, 4), Stride(3, 1)>>, Shape{3, 5, 2}, style>(
      "gaps between rows");
  compare<Sequential<TransposeConv2D<16, 8, 3, 2, same>>, Shape{3, 5, 16}, style>("16 to 8");
}

}  // namespace

void check() {
  some<centred>();
  some<full>();
  some<extreme>();
  some<real>();
  compare<Sequential<TransposeConv2D<8, 1, 4, 2, same>>, Shape{3, 4, 8}, centred>("one output");
  compare<Sequential<TransposeConv2D<3, 4, 2, 3>>, Shape{3, 3, 3}, full>("gaps");
  compare<Sequential<TransposeConv2D<4, 3, 2, 3, valid, none, Extent(2)>>, Shape{1, 1, 4}, centred>(
      "remainders without an output");
  compare<Sequential<TransposeConv2D<1, 5, 5, 2, same, none, Extent(5)>>, Shape{3, 3, 1}, full>(
      "5x5, an odd size");
  using UNet = Sequential<C<3, 6, e3, Stride(2)>, TransposeConv2D<6, 4, 3, 2, same>, C<4, 2, e1>>;
  compare<UNet, Shape{8, 8, 3}, centred>("between convolutions");
  compare<UNet, Shape{8, 8, 3}, left, plan::smallest>("between convolutions, small");
}

}  // namespace parity
