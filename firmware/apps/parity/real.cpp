// float32: blocks of outputs and what is left of them, windows that hang over edges.
#include "compare.hpp"

namespace parity {

namespace {

template <int... outputs> void convolutions() {
  (compare<Sequential<C<3, outputs, e3>>, Shape{4, 5, 3}, real>("float32 convolution"), ...);
  (compare<Sequential<C<5, outputs, e1, e2, same, relu>>, Shape{3, 6, 5}, real>("float32, 1x1"),
   ...);
  (compare<Sequential<Flatten, Dense<36, outputs>, Dense<outputs, 9>>, Shape{3, 4, 3}, real>(
       "float32 Dense by rows"),
   ...);
}
template <int... channels> void depthwises() {
  (compare<Sequential<D<channels, e3>>, Shape{4, 5, channels}, real>("float32 depthwise"), ...);
  (compare<Sequential<D<channels, Extent(5, 2), e2, same, relu6, Dilation(1, 2)>>,
           Shape{6, 4, channels}, real>("float32 depthwise, dilated"),
   ...);
  (compare<Sequential<D<channels, e3, e1, same, none, Dilation(1), 2>>, Shape{3, 3, channels},
           real>("float32 depthwise, twice the channels"),
   ...);
}

template <int... outputs> void hybrids() {
  (compare<Sequential<C<3, outputs, e3>>, Shape{4, 5, 3}, hybrid>("hybrid convolution"), ...);
  (compare<Sequential<C<5, outputs, e1, e2, same, relu>>, Shape{3, 6, 5}, hybrid>("hybrid, 1x1"),
   ...);
  (compare<Sequential<Flatten, Dense<36, outputs>, Dense<outputs, 9>>, Shape{3, 4, 3}, hybrid>(
       "hybrid Dense by rows"),
   ...);
}

template <class Layer> void pairs() {
  using Two = Graph<Node<Layer, 0, 1>, Outputs<2>>;
  constexpr Shape shape{2, 5, 7};
  compare<Two, shapes(shape, shape), real>("float32, two operands");
  compare<Two, shapes(shape, Shape{1, 1, 7}), real>("float32, by channel");
  compare<Two, shapes(Shape{2, 5, 1}, shape), real>("float32, by pixel");
  compare<Two, shapes(shape, Shape{1, 1, 1}), real>("float32, one for all");
}
template <int... channels> void pools() {
  (compare<Sequential<MaxPool<3, 2>>, Shape{5, 7, channels}, real>("float32, largest"), ...);
  (compare<Sequential<AvgPool<2>>, Shape{4, 6, channels}, real>("float32, mean"), ...);
  (compare<Sequential<AvgPool<Extent(4, 6)>>, Shape{4, 6, channels}, real>("float32, mean of all"),
   ...);
}

}  // namespace

void check() {
  pairs<Add>();
  pairs<SubWith<relu6>>();
  pairs<MulWith<relu>>();
  pairs<Minimum>();
  pairs<Maximum>();
  pools<1, 3, 4, 9>();
  hybrids<1, 4, 7, 13, 16, 31>();
  compare<Sequential<C<4, 6, Extent(2, 3), e1, same, relu6, Dilation(1, 2)>>, Shape{4, 5, 4},
          hybrid>("hybrid, dilated");
  convolutions<1, 3, 4, 7, 8, 13, 16, 21, 31>();
  compare<Sequential<C<1, 2, e3, e1, same>, C<2, 3, e3>, C<3, 5, Extent(2, 1)>>, Shape{6, 5, 1},
          real>("float32, few channels, over edges and within");
  compare<Sequential<C<1, 1, e3, e1, same, relu>>, Shape{5, 19, 1}, real>("float32, one channel");
  compare<Sequential<C<1, 2, e3, e2, same>>, Shape{4, 21, 1}, real>("float32, one, stride 2");
  compare<Sequential<C<1, 3, Extent(2, 5), Stride(2, 1)>>, Shape{5, 14, 1}, real>(
      "float32, one channel, within");
  depthwises<1, 3, 4, 6, 8, 15, 28>();
  compare<Sequential<C<4, 8, Extent(1, 3), e1, same, none, Dilation(1, 4)>>, Shape{1, 2, 4}, real>(
      "float32, wider than its input");
  compare<Sequential<D<8, Extent(1, 3), e1, same, none, Dilation(1, 4)>>, Shape{1, 2, 8}, real>(
      "float32 depthwise, wider than its input");
  compare<Sequential<Conv2D<4, 6, e3, e1, same, relu, Dilation(1), 2>>, Shape{4, 5, 4}, real>(
      "float32, groups");
  compare<Sequential<Conv3D<3, 2, 5, 2, 1, same>>, Shape{3 * 4, 5, 2}, real>("float32, volume");
  compare<Sequential<
              Conv3D<4, 3, 2, Extent3(2, 3, 1), Extent3(1, 2, 2), valid, relu, Extent3(3, 1, 1)>>,
          Shape{4 * 5, 5, 3}, real>("float32, volume, dilated");
}

}  // namespace parity
