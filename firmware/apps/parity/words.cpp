// int16 with int8 weights: tiles of pixels and what is left of them, windows that hang over edges,
// and what the fast requantization cannot do.
#include "compare.hpp"

namespace parity {

namespace {

template <int width, int outputs> void convolutions() {
  compare<Sequential<C<3, outputs, e3>>, Shape{4, width, 3}, words>("int16 convolution");
  compare<Sequential<C<5, outputs, e1, e2, same, relu>>, Shape{3, 2 * width, 5}, words>(
      "int16, 1x1");
  compare<Sequential<C<4, outputs, Extent(2, 3), e1, same, relu6, Dilation(1, 2)>>,
          Shape{4, width, 4}, words>("int16, dilated");
}
template <int inputs, int outputs> void dense() {
  compare<Sequential<Dense<inputs, outputs>>, Shape{1, 1, inputs}, words>("int16 Dense");
}

}  // namespace

void check() {
  convolutions<1, 5>();
  convolutions<2, 4>();
  convolutions<3, 1>();
  convolutions<4, 6>();
  convolutions<8, 7>();
  dense<1, 3>();
  dense<7, 4>();
  dense<32, 9>();
  dense<70, 16>();
  compare<Sequential<C<3, 6, e3>, C<6, 4, e1>>, Shape{4, 5, 3}, steep_words>("int16, steep");
  compare<Sequential<Dense<20, 6>>, Shape{1, 1, 20}, steep_words>("int16 Dense, steep");
}

}  // namespace parity
