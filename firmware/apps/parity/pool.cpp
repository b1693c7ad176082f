// Pools of windows, at edges and without, and of whole values.
#include "compare.hpp"

namespace parity {

namespace {

template <int channels> void pools() {
  constexpr Shape shape{7, 9, channels};
  compare<Sequential<MaxPool<2>>, shape, centred>("max pool 2x2");
  compare<Sequential<MaxPool<2, 1, same>>, shape, centred>("max pool 2x2, overlapping");
  compare<Sequential<MaxPool<3, 2, same, relu>>, shape, centred>("max pool 3x3, relu");
  compare<Sequential<MaxPool<Extent(4, 3), 2, same>>, shape, centred>("max pool 4x3");
  compare<Sequential<MaxPool<5, 1, same, relu6>>, shape, centred>("max pool 5x5, relu6");
  compare<Sequential<MaxPool<Extent(7, 4), Stride(1, 2), same, relu>>, shape, centred>(
      "largest of columns, relu");
  compare<Sequential<MaxPool<Extent(3, 5), 2, same>>, shape, centred>("max pool 3x5");
  compare<Sequential<AvgPool<2>>, shape, centred>("average pool 2x2");
  compare<Sequential<AvgPool<3, 1, same, relu6>>, shape, centred>("average pool 3x3, relu6");
  compare<Sequential<AvgPool<Extent(6, 2), 1>>, shape, centred>("average pool 6x2");
  compare<Sequential<AvgPool<Extent(7, 9)>>, shape, centred>("average of all");
  compare<Sequential<AvgPool<Extent(7, 3)>>, shape, centred>("average of columns");
  compare<Sequential<MaxPool<Extent(7, 9)>>, shape, centred>("largest of all");
  compare<Sequential<GlobalAvgPool>, shape, left>("mean");
}

void more() {
  compare_all<Sequential<MaxPool<3, 2, same>>, Shape{7, 8, 8}>("max pool 8");
  compare<Sequential<MaxPool<2>>, Shape{4, 6, 3}, centred>("max pool 3");
  compare<Sequential<AvgPool<5>>, Shape{5, 5, 8}, centred>("global average");
  compare<Sequential<AvgPool<Extent(16, 17)>>, Shape{16, 17, 4}, centred>("average of 272");
  compare<Sequential<AvgPool<3, 1, same>>, Shape{5, 5, 4}, centred>("average pool");
  compare<Sequential<AvgPool<2>>, Shape{6, 8, 10}, centred>("average pool of 10 channels");
  compare<Sequential<AvgPool<Extent(5, 51), 1, same>>, Shape{9, 60, 3}, centred>("average of 255");
  compare<Sequential<AvgPool<Extent(3, 19), 2, same>>, Shape{6, 27, 9}, centred>("averages");
  compare<Sequential<AvgPool<1>>, Shape{2, 5, 17}, centred>("average of one");
}

}  // namespace

void check() {
  pools<1>();
  pools<3>();
  pools<4>();
  pools<6>();
  pools<21>();
  more();
}

}  // namespace parity
