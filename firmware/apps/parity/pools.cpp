// Pools of windows, at edges and without, and of whole values; sums; resizes by whole pixels.
#include "compare.hpp"

namespace parity {

namespace {

template <int channels> void pools() {
  constexpr Shape shape{7, 9, channels};
  compare<Sequential<MaxPool<2>>, shape, centred>("max pool 2x2");
  compare<Sequential<MaxPool<2, 1, same>>, shape, centred>("max pool 2x2, overlapping");
  compare<Sequential<MaxPool<3, 2, same, relu>>, shape, centred>("max pool 3x3, relu");
  compare<Sequential<MaxPool<Extent(4, 3), 2, same>>, shape, centred>("max pool 4x3");
  compare<Sequential<AvgPool<2>>, shape, centred>("average pool 2x2");
  compare<Sequential<AvgPool<3, 1, same, relu6>>, shape, centred>("average pool 3x3, relu6");
  compare<Sequential<AvgPool<Extent(6, 2), 1>>, shape, centred>("average pool 6x2");
  compare<Sequential<AvgPool<Extent(7, 9)>>, shape, centred>("average of all");
  compare<Sequential<AvgPool<Extent(7, 3)>>, shape, centred>("average of columns");
  compare<Sequential<MaxPool<Extent(7, 9)>>, shape, centred>("largest of all");
  compare<Sequential<GlobalAvgPool>, shape, left>("mean");
}

void means() {
  constexpr Shape shape{3, 5, 6};
  compare<Sequential<Mean<Axis::width>>, shape, centred>("mean over the width");
  compare<Sequential<Mean<Axis::height>>, shape, centred>("mean over the height");
  compare<Sequential<Mean<Axis::channels>>, shape, centred>("mean over the channels");
  compare<Sequential<Mean<Axis::width | Axis::channels>>, shape, centred>("mean over rows");
  compare<Sequential<GlobalAvgPool>, Shape{1, 7, 5}, centred>("mean of one row");
  compare<Sequential<GlobalAvgPool>, Shape{16, 16, 5}, centred>("mean of 256");
  compare<Sequential<AvgPool<Extent(15, 17)>>, Shape{15, 17, 5}, centred>("average of 255");
}

// Operands of one scale and of two, the larger one on either side.
void sums() {
  using First = C<3, 3, e1>;
  using Left = Graph<Node<First, 0>, Node<Add, 0, 1>, Outputs<2>>;
  using Right = Graph<Node<First, 0>, Node<AddWith<relu>, 1, 0>, Outputs<2>>;
  compare_all<Left, Shape{3, 5, 3}>("add");
  compare_all<Right, Shape{3, 5, 3}>("add, relu");
  compare<Graph<Node<Add, 0, 0>, Outputs<1>>, Shape{3, 5, 3}, centred>("add, twice the same");
}

template <int channels> void resizes() {
  compare<Sequential<ResizeNearest<6, 10>>, Shape{3, 5, channels}, centred>("nearest");
  compare<Sequential<ResizeBilinear<6, 10>>, Shape{3, 5, channels}, extreme>("bilinear");
  using Halved = ResizeBilinear<2, 3, false, true>;
  compare<Sequential<Halved>, Shape{5, 8, channels}, extreme>("bilinear, from centres");
}

}  // namespace

void check_pools() {
  pools<1>();
  pools<3>();
  pools<4>();
  pools<6>();
  pools<21>();
  means();
  sums();
  resizes<3>();
  resizes<8>();
}

}  // namespace parity
