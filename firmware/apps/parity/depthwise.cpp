// Depthwise convolutions of several kinds, and 3x3 on wide rows.
#include "compare.hpp"

namespace parity {

namespace {

void depthwises() {
  using Behind = Sequential<C<4, 6, e1, e1, same, relu>, D<6, e3>>;
  compare_all<Behind, Shape{4, 5, 4}>("depthwise behind a convolution");
  compare_all<Behind, Shape{1, 9, 4}>("depthwise on one row");
  compare_all<Sequential<D<7, e3>>, Shape{4, 6, 7}>("depthwise of 7 channels");
  compare<Sequential<D<8, e5, e2>>, Shape{7, 9, 8}, centred>("depthwise 5x5");
  compare<Sequential<D<6, Extent(1, 4)>>, Shape{2, 6, 6}, full>("depthwise 1x4");
  compare_all<Sequential<D<21, e5>>, Shape{5, 6, 21}>("depthwise 5x5 of 21 channels");
  compare<Sequential<D<16, Extent(2, 7), e2, valid>>, Shape{5, 12, 16}, left>("depthwise 2x7");
  compare<Sequential<D<9, Extent(7, 3), e1, same, none, Dilation(2, 3)>>, Shape{4, 3, 9}, extreme>(
      "depthwise 7x3, dilated, wider than its input");
  compare<Sequential<D<4, e3, e1, same, none, Extent(2, 3)>>, Shape{7, 8, 4}, centred>("dilated");
  compare<Sequential<D<3, e3, e1, same, relu, e1, 2>>, Shape{4, 5, 3}, centred>("multiplier 2");
  // Two readers of one planar value, and one that is also an output.
  using Two = Graph<Node<C<4, 4, e1, e1, same, relu>, 0>, Node<D<4, e3>, 1>, Node<D<4, e3, e2>, 1>,
                    Outputs<2, 3>>;
  compare<Two, Shape{5, 6, 4}, trained>("two readers");
  using Shown = Graph<Node<C<4, 4, e1, e1, same, relu>, 0>, Node<D<4, e3>, 1>, Outputs<1, 2>>;
  compare<Shown, Shape{5, 6, 4}, trained>("a planar output");
}

// Depthwise 3x3 on wide rows, from pixels and from planar rows.
template <int channels, int width, Padding padding> void wide() {
  using Alone = D<channels, e3, e1, padding>;
  using Behind = Sequential<C<4, channels, e1, e1, same, relu>, Alone>;
  compare<Sequential<Alone>, Shape{4, width, channels}, centred>("wide depthwise");
  compare<Sequential<Alone>, Shape{3, width, channels}, trained>("wide depthwise");
  compare<Behind, Shape{4, width, 4}, full>("wide depthwise, planar");
  compare<Sequential<C<4, channels, e1, e1, same, relu>, D<channels, e3, e1, padding, none>>,
          Shape{4, width, 4}, lifted>("wide depthwise, planar, signed");
}
void wides() {
  wide<3, 6, same>();
  wide<5, 17, same>();
  wide<3, 20, same>();
  wide<2, 22, same>();
  wide<3, 19, valid>();
  wide<4, 23, valid>();
  compare_all<Sequential<D<3, e3>>, Shape{1, 18, 3}>("wide depthwise on one row");
}

}  // namespace

void check() {
  depthwises();
  wides();
}

}  // namespace parity
