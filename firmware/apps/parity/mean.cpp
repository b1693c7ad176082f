// Means over every set of axes.
#include "compare.hpp"

namespace parity {

namespace {

void some() {
  constexpr Shape shape{3, 5, 6};
  compare<Sequential<Mean<Axis::width>>, shape, centred>("mean over the width");
  compare<Sequential<Mean<Axis::height>>, shape, centred>("mean over the height");
  compare<Sequential<Mean<Axis::channels>>, shape, centred>("mean over the channels");
  compare<Sequential<Mean<Axis::width | Axis::channels>>, shape, centred>("mean over rows");
  compare<Sequential<GlobalAvgPool>, Shape{1, 7, 5}, centred>("mean of one row");
  compare<Sequential<GlobalAvgPool>, Shape{16, 16, 5}, centred>("mean of 256");
  compare<Sequential<AvgPool<Extent(15, 17)>>, Shape{15, 17, 5}, centred>("average of 255");
  compare<Sequential<GlobalAvgPool>, Shape{5, 5, 4}, centred>("mean");
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

void check() {
  some();
  means<Shape{3, 5, 1}, centred>();
  means<Shape{4, 3, 22}, left>();
  means<Shape{1, 7, 5}, centred>();
  means<Shape{17, 16, 11}, centred>();  // sums of more than 255 elements
}

}  // namespace parity
