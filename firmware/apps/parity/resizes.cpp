// Bilinear resizes, to larger and smaller sides and single ones, and means over every set of axes.
#include "compare.hpp"

namespace parity {

namespace {

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

template <Shape in, Style style> void means() {
  constexpr Axis height = Axis::height, width = Axis::width, channels = Axis::channels;
  compare<Sequential<Mean<height>>, in, style>("mean over the height");
  compare<Sequential<Mean<width>>, in, style>("mean over the width");
  compare<Sequential<Mean<channels>>, in, style>("mean over the channels");
  compare<Sequential<GlobalAvgPool>, in, style>("mean over height and width");
  compare<Sequential<Mean<height | channels>>, in, style>("mean over height and channels");
  compare<Sequential<Mean<width | channels>>, in, style>("mean over width and channels");
  compare<Sequential<Mean<height | width | channels>>, in, style>("mean over everything");
}

}  // namespace

void check_resizes() {
  resizes<1>();
  resizes<5>();
  resizes<18>();
  means<Shape{3, 5, 1}, centred>();
  means<Shape{4, 3, 22}, left>();
  means<Shape{1, 7, 5}, centred>();
  means<Shape{17, 16, 11}, centred>();  // sums of more than 255 elements
}

}  // namespace parity
