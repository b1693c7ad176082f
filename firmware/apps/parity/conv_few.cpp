// Convolutions of few channels: pointwise ones, long strips, outputs that cannot share halfwords.
#include "compare.hpp"

namespace parity {

namespace {

// Pointwise convolutions of few inputs, onto pixels and onto the planar rows of a depthwise one.
template <int inputs, int outputs, int width> void narrow() {
  using Point = C<inputs, outputs, e1, e1, same, relu>;
  compare<Sequential<Point>, Shape{2, width, inputs}, trained>("few inputs");
  compare<Sequential<Point>, Shape{2, width, inputs}, centred>("few inputs, any zero point");
  compare<Sequential<Point, D<outputs, e3>>, Shape{3, width, inputs}, full>("few inputs, planar");
}
void narrows() {
  narrow<1, 3, 8>();
  narrow<2, 4, 17>();
  narrow<3, 4, 9>();
  narrow<3, 5, 10>();
  narrow<4, 1, 24>();
  narrow<5, 2, 7>();
  narrow<6, 3, 9>();
  narrow<7, 2, 17>();
  narrow<8, 5, 16>();
  using Strided = Sequential<C<3, 4, e1, Stride(1, 2)>>;
  compare_all<Strided, Shape{1, 21, 3}>("few inputs, stride 2");
}

// Windows two elements apart.
void strips() {
  compare_all<Sequential<C<1, 6, Extent(3, 8), e2>>, Shape{5, 15, 1}>("strips of eight");
  compare<Sequential<C<2, 4, Extent(2, 5)>>, Shape{4, 9, 2}, centred>("strips of two channels");
  compare<Sequential<C<1, 2, Extent(5, 9), e2, valid>>, Shape{6, 13, 1}, full>("three pixels");
  compare<Sequential<D<1, Extent(10, 8), e2, same, relu, e1, 8>>, Shape{9, 8, 1}, trained>(
      "1 to 8");
  compare<Sequential<C<1, 2, Extent(1, 30), e2, valid>>, Shape{1, 40, 1}, trained>("long strips");
}

// Images of one channel: windows over every edge, rows of which all or none lie inside.
template <int outputs> void lone() {
  compare_all<Sequential<C<1, outputs, e3, e1, same>>, Shape{5, 9, 1}>("one channel");
  compare<Sequential<C<1, outputs, e3, e2, same, relu>>, Shape{4, 8, 1}, trained>("one, stride 2");
  compare<Sequential<C<1, outputs, Extent(2, 4)>>, Shape{4, 7, 1}, centred>("one, within");
  compare<Sequential<C<1, outputs, Extent(4, 2), e1, same>>, Shape{2, 4, 1}, full>("one, high");
}

// Outputs that cannot share halfwords.
void plains() {
  compare_all<Sequential<C<12, 6, e1>>, Shape{2, 8, 12}>("twelve inputs");
  compare<Sequential<C<4, 4, e3, e1, same, relu>, D<4, e3>>, Shape{4, 7, 4}, extreme>("plain");
  compare<Sequential<C<32, 2, e3, e1, same>>, Shape{3, 5, 32}, extreme>("plain, in loops");
}

}  // namespace

void check() {
  narrows();
  strips();
  lone<1>();
  lone<2>();
  lone<3>();
  plains();
}

}  // namespace parity
