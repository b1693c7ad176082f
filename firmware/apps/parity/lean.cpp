// Kernels for layers of all shapes, which plan::lean takes where the instruction set has them.
#include "compare.hpp"

namespace parity {

namespace {

template <class Network, auto input> void lean(const char* name) {
  compare<Network, input, trained, plan::lean>(name);
  compare<Network, input, full, plan::lean>(name);
  compare<Network, input, extreme, plan::lean>(name);
  compare<Network, input, biased, plan::lean>(name);
  compare<Network, input, clamped, plan::lean>(name);
}

void convolutions() {
  lean<Sequential<C<3, 5, e1>>, Shape{3, 7, 3}>("lean, 1x1, odd");
  lean<Sequential<C<8, 6, e1, e2>>, Shape{5, 8, 8}>("lean, 1x1, stride 2");
  lean<Sequential<C<1, 8, e3>>, Shape{5, 5, 1}>("lean, 3x3 of one channel");
  lean<Sequential<C<4, 7, e3, e2, same, relu, e2>>, Shape{8, 9, 4}>("lean, 3x3, dilated");
  lean<Sequential<C<2, 4, Extent(2, 5)>>, Shape{4, 3, 2}>("lean, wider than its input");
  lean<Sequential<C<3, 6, Extent(3, 4), e1, valid>>, Shape{5, 4, 3}>("lean, one column");
  lean<Sequential<C<3, 1, e3>>, Shape{4, 6, 3}>("lean, one channel");
  lean<Sequential<Dense<37, 11>>, Shape{1, 1, 37}>("lean, dense");
  lean<Sequential<C<3, 4, e3>, Flatten, Dense<120, 9>>, Shape{5, 6, 3}>("lean, dense by rows");
}

// Of one shape or several; planar, padded or pixel rows.
void depthwises() {
  using First = C<4, 6, e1, e1, same, relu>;
  lean<Sequential<First, D<6, e3>, C<6, 8, e1, e1, same, relu>, D<8, e3>>, Shape{4, 5, 4}>(
      "lean, one depthwise, narrow");
  lean<Sequential<First, D<6, e3>, C<6, 8, e1, e1, same, relu>, D<8, e3>>, Shape{4, 9, 4}>(
      "lean, one depthwise, wide");
  lean<Sequential<First, D<6, e3, e2>, C<6, 8, e1, e1, same, relu>, D<8, e3>>, Shape{6, 9, 4}>(
      "lean, two depthwise ones");
  lean<Sequential<D<7, e5>>, Shape{6, 7, 7}>("lean, depthwise 5x5");
  lean<Sequential<D<12, Extent(3, 2), e2, valid, none, Dilation(1, 2)>>, Shape{7, 8, 12}>(
      "lean, depthwise, dilated");
  lean<Sequential<D<3, e3>>, Shape{4, 5, 3}>("lean, depthwise, three channels");
  lean<Sequential<First, MaxPool<2>, D<6, e3>, ResizeNearest<6, 8>, D<6, e3>>, Shape{6, 8, 4}>(
      "lean, depthwise of a pool and a resize");
  lean<Sequential<First, ResizeNearest<12, 16>, D<6, e3>>, Shape{6, 8, 4}>(
      "lean, depthwise of a doubled image");
}

}  // namespace

void check() {
  convolutions();
  depthwises();
}

}  // namespace parity
