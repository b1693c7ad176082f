// Nearest and bilinear resizes, to larger and smaller sides and single ones.
#include "compare.hpp"

namespace parity {

namespace {

template <int channels> void whole() {
  compare<Sequential<ResizeNearest<6, 10>>, Shape{3, 5, channels}, centred>("nearest");
  compare<Sequential<ResizeBilinear<6, 10>>, Shape{3, 5, channels}, extreme>("bilinear");
  using Halved = ResizeBilinear<2, 3, false, true>;
  compare<Sequential<Halved>, Shape{5, 8, channels}, extreme>("bilinear, from centres");
}

template <Shape in, int height, int width> void bilinear() {
  using Corners = ResizeBilinear<height, width, true>;
  using Centers = ResizeBilinear<height, width, false, true>;
  compare<Sequential<ResizeBilinear<height, width>>, in, extreme>("bilinear");
  compare<Sequential<Corners>, in, extreme>("bilinear, corners aligned");
  compare<Sequential<Centers>, in, extreme>("bilinear, from centers");
}
template <int channels> void resizes() {
  bilinear<Shape{4, 5, channels}, 8, 10>();
  bilinear<Shape{3, 4, channels}, 5, 13>();
  bilinear<Shape{7, 8, channels}, 4, 3>();
  bilinear<Shape{1, 6, channels}, 3, 1>();
  bilinear<Shape{5, 1, channels}, 2, 4>();
}

void others() {
  compare<Sequential<ResizeNearest<9, 7>, D<3, e3>>, Shape{4, 5, 3}, centred>("nearest");
  compare<Sequential<ResizeBilinear<9, 7>>, Shape{4, 5, 4}, centred>("bilinear");
}

}  // namespace

void check() {
  whole<3>();
  whole<8>();
  resizes<1>();
  resizes<5>();
  resizes<18>();
  others();
}

}  // namespace parity
