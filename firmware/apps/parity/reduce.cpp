// Means and sums over every set of axes; extremes, and their places.
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

template <auto style> void largest(const char* name) {
  using Both = Graph<Node<TopK<3>, 0>, Outputs<Out<1, 0>, Out<1, 1>>>;
  using All = Graph<Node<TopK<7>, 0>, Outputs<Out<1, 1>, Out<1, 0>>>;
  compare<Both, shapes(Shape{3, 5, 9}), style>(name);
  compare<All, shapes(Shape{2, 1, 7}), style>(name);
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

void others() {
  constexpr Axis height = Axis::height, width = Axis::width, channels = Axis::channels;
  constexpr Shape shape{5, 6, 7};
  compare<Sequential<Sum<height>>, shape, centred>("sum over the height");
  compare<Sequential<Sum<height | width>>, shape, left>("sum over height and width");
  compare<Sequential<Sum<width | channels>>, shape, centred>("sum over rows");
  compare<Sequential<Sum<height | width>>, Shape{17, 16, 11}, centred>("sum of 272");
  compare<Sequential<ReduceMax<height | width>>, shape, centred>("largest of a channel");
  compare<Sequential<ReduceMin<channels>>, shape, centred>("least of a pixel");
  compare<Sequential<ReduceMax<width>>, shape, real>("largest of a row, float32");
  compare<Sequential<Sum<height>>, shape, real>("sum over the height, float32");
  compare<Sequential<CumSum<height>>, shape, centred>("sums down the height");
  compare<Sequential<CumSum<width, true, true>>, shape, real>("sums along rows, float32");
  compare<Sequential<L2Normalization>, shape, centred>("pixels of length 1");
  compare<Sequential<L2Normalization>, shape, real>("pixels of length 1, float32");
  compare<Sequential<L2Pool<3, 2, same>>, shape, real>("roots of mean squares");
  compare<Sequential<ArgMax<>>, shape, centred>("place of the largest");
  compare<Sequential<ArgMin<height>>, shape, centred>("place of the least");
}

}  // namespace

void check() {
  others();
  largest<centred>("largest of a pixel");
  largest<words>("largest of a pixel, int16");
  largest<real>("largest of a pixel, float32");
  some();
  means<Shape{3, 5, 1}, centred>();
  means<Shape{4, 3, 22}, left>();
  means<Shape{1, 7, 5}, centred>();
  means<Shape{17, 16, 11}, centred>();  // sums of more than 255 elements
  compare<Sequential<GlobalAvgPool>, Shape{3, 255, 4}, centred>("mean of rows of 255");
  compare<Sequential<GlobalAvgPool>, Shape{2, 256, 5}, centred>("mean of rows of 256");
}

}  // namespace parity
