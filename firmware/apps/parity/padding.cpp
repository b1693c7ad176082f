// Windows with another padding on each side.
#include "compare.hpp"

namespace parity {

namespace {

constexpr Padding before{1, 0, 1, 0}, behind{0, 1, 0, 1}, all{1, 1, 1, 1}, wide{2, 2, 2, 2},
    uneven{2, 0, 0, 1}, columns{0, 0, 1, 2}, rows{1, 2, 1, 1};

template <int width, Padding padding, auto stride> void windows() {
  compare<Sequential<C<4, 6, e3, stride, padding, relu>>, Shape{7, width, 4}, centred>("conv");
  compare<Sequential<C<1, 4, e3, stride, padding>>, Shape{6, width, 1}, trained>("conv of one");
  compare<Sequential<C<3, 8, e3, stride, padding>>, Shape{7, width, 3}, centred>("first conv");
  compare<Sequential<D<8, e3, stride, padding>>, Shape{7, width, 8}, centred>("depthwise");
  compare<Sequential<C<4, 5, e1, e1, same, relu>, D<5, e3, stride, padding>>, Shape{6, width, 4},
          trained>("depthwise behind a convolution");
}
template <Padding padding> void paddings() {
  windows<5, padding, e1>();
  windows<8, padding, e1>();
  windows<9, padding, e2>();
  windows<12, padding, e2>();
}
template <int width, Padding padding> void larger() {
  compare<Sequential<C<4, 3, e5, e1, padding>>, Shape{6, width, 4}, centred>("conv 5x5");
  compare<Sequential<D<4, e5, e1, padding>>, Shape{6, width, 4}, full>("depthwise 5x5");
  compare<Sequential<C<2, 3, e3, e1, padding, none, e2>>, Shape{7, width, 2}, centred>("dilated");
  compare<Sequential<MaxPool<3, 2, padding>>, Shape{7, width, 4}, trained>("max pool");
  compare<Sequential<AvgPool<3, 1, padding>>, Shape{7, width, 4}, trained>("average pool");
  compare<Sequential<C<4, 4, e3, e1, padding>, MaxPool<3, 2, padding>>, Shape{7, width, 4},
          trained>("max pool behind a convolution");
}

}  // namespace

void check() {
  paddings<before>();
  paddings<behind>();
  paddings<all>();
  paddings<wide>();
  paddings<uneven>();
  paddings<columns>();
  paddings<rows>();
  larger<6, before>();
  larger<7, behind>();
  larger<9, wide>();
  larger<8, uneven>();
  larger<5, columns>();
}

}  // namespace parity
