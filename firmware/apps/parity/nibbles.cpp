// Weights of four bits: convolutions, depthwise convolutions and Dense, also with odd numbers of
// weights per output, which begin in the middle of a byte.
#include "compare.hpp"

namespace parity {

namespace {

constexpr Style nibbles{.in_zero = 7, .out_zero = -11, .weights = 4, .scale = 0.1f},
    tied_nibbles{.weights = 4, .scale = 0.1f, .one_scale = true},
    steep_nibbles{.in_zero = -128, .out_zero = 20, .weights = 4, .scale = 9.0f};

void convolutions() {
  compare<Sequential<C<4, 6, e3, e1, same, relu6>>, Shape{4, 7, 4}, nibbles>("conv 3x3");
  compare<Sequential<C<3, 5, e3, e2>>, Shape{7, 8, 3}, nibbles>("conv 3x3, 27 taps");
  compare<Sequential<C<8, 3, e1>>, Shape{2, 5, 8}, tied_nibbles>("pointwise 8 to 3");
  compare<Sequential<C<7, 4, e1>>, Shape{3, 13, 7}, nibbles>("pointwise 7 to 4");
  compare<Sequential<C<4, 4, e3, e1, same, relu, Extent(2, 3)>>, Shape{9, 9, 4}, nibbles>(
      "dilated");
  compare<Sequential<Conv2D<6, 4, 3, 1, same, none, 1, 2>>, Shape{4, 5, 6}, nibbles>("grouped");
  compare<Sequential<C<64, 4, e3>>, Shape{3, 4, 64}, nibbles, plan::smallest>("long, small");
  compare<Sequential<C<16, 9, e3>>, Shape{3, 5, 16}, nibbles>("conv 3x3, 144 taps, 9 outputs");
  compare<Sequential<C<4, 1, e2>>, Shape{3, 4, 4}, nibbles>("one output");
  compare<Sequential<C<4, 7, e2>>, Shape{3, 1, 4}, nibbles>("one column");
  compare<Sequential<C<1, 9, e3, e1, same, relu6>>, Shape{5, 6, 1}, nibbles>("9 taps, clamped");
  compare<Sequential<C<17, 6, e3>>, Shape{3, 5, 17}, nibbles>("conv 3x3, 153 taps");
}

void depthwises() {
  compare<Sequential<D<7, e3>>, Shape{4, 6, 7}, nibbles>("depthwise of 7 channels");
  compare<Sequential<D<8, e5, e2>>, Shape{7, 9, 8}, nibbles>("depthwise 5x5");
  compare<Sequential<D<16, e3>>, Shape{5, 18, 16}, nibbles>("depthwise of 16 channels");
  compare<Sequential<D<1, Extent(2, 5)>>, Shape{3, 9, 1}, nibbles>("depthwise of one channel");
  compare<Sequential<D<32, e3, e1, same, none>>, Shape{4, 5, 32}, nibbles>("depthwise of blocks");
  compare<Sequential<D<20, e3, e2>>, Shape{6, 7, 20}, steep_nibbles>("depthwise, steep");
  compare<Sequential<D<5, e3, e1, same, none>>, Shape{4, 9, 5}, steep_nibbles>("narrow, steep");
  compare<Sequential<D<3, e5>>, Shape{6, 20, 3}, nibbles>("depthwise 5x5 on wide rows");
  compare<Sequential<D<4, Extent(3, 7), e1, same, none, Dilation(1, 2)>>, Shape{5, 20, 4},
          steep_nibbles>("depthwise 3x7, dilated");
  compare<Sequential<D<40, Extent(5, 4), e1, same, relu6>>, Shape{5, 17, 40}, nibbles>("5x4");
  compare<Sequential<D<13, e3, e2, same, none, Dilation(2)>>, Shape{7, 9, 13}, nibbles>(
      "depthwise, dilated");
  compare<Sequential<D<3, e3, e1, same, relu, e1, 2>>, Shape{4, 5, 3}, nibbles>("multiplier 2");
  compare<Sequential<C<4, 6, e1, e1, same, relu>, D<6, e3>>, Shape{4, 5, 4}, tied_nibbles>(
      "depthwise behind a convolution");
}
// Windows of one column, of two runs or of one tap; rows that are padding but for one or two.
void windows() {
  compare<Sequential<D<5, Extent(7, 1), e1, same, none>>, Shape{2, 6, 5}, nibbles>("7x1");
  compare<Sequential<D<3, Extent(2, 19), e1, same, none>>, Shape{3, 21, 3}, nibbles>("2x19");
  compare<Sequential<D<7, e1>>, Shape{3, 5, 7}, tied_nibbles>("1x1");
  compare<Sequential<D<6, e3, e1, valid>>, Shape{5, 3, 6}, nibbles>("one column of outputs");
  compare<Sequential<D<3, e3, e2, same, none, e1, 3>>, Shape{6, 9, 3}, nibbles>(
      "multiplier 3, strides");
  compare<Sequential<D<1, e3, e1, valid, none, Dilation(2), 5>>, Shape{7, 8, 1}, steep_nibbles>(
      "multiplier 5, dilated");
  compare<Sequential<D<9, e3, e2>>, Shape{5, 8, 9}, tied_nibbles, plan::smallest>("small");
}

void denses() {
  compare<Sequential<Dense<37, 11>>, Shape{1, 1, 37}, nibbles>("dense 37 to 11");
  compare<Sequential<Dense<196, 16>>, Shape{1, 1, 196}, tied_nibbles>("dense 196 to 16");
  compare<Sequential<Dense<600, 7>>, Shape{1, 1, 600}, nibbles>("dense 600 to 7");
  compare<Sequential<Dense<8, 10, relu6>>, Shape{1, 1, 8}, nibbles>("dense 8 to 10, relu6");
  compare<Sequential<Dense<70, 1>>, Shape{1, 1, 70}, tied_nibbles, plan::smallest>("dense 70 to 1");
  compare<Sequential<C<3, 5, e3>, Flatten, Dense<150, 7>>, Shape{5, 6, 3}, nibbles>("by rows");
  compare<Sequential<C<3, 8, e3>, Flatten, Dense<144, 6>>, Shape{3, 6, 3}, nibbles>(
      "by rows of whole blocks");
}

}  // namespace

void check() {
  convolutions();
  depthwises();
  windows();
  denses();
}

}  // namespace parity
