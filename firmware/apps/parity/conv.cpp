// Convolutions of all windows, and of many widths and numbers of channels.
#include "compare.hpp"

namespace parity {

namespace {

void convolutions() {
  compare_all<Sequential<C<4, 6, e3, e1, same, relu6>>, Shape{4, 7, 4}>("conv 3x3, 4 to 6");
  compare_all<Sequential<C<8, 3, e1>>, Shape{2, 5, 8}>("pointwise 8 to 3");
  compare_all<Sequential<C<3, 5, e3, e2>>, Shape{7, 8, 3}>("conv 3x3 stride 2, 3 to 5");
  compare<Sequential<C<1, 8, Extent(10, 4), e2>>, Shape{12, 10, 1}, trained>("conv 10x4");
  compare<Sequential<C<1, 8, Extent(10, 4), e2>>, Shape{12, 10, 1}, centred>("conv 10x4");
  constexpr Extent apart(2, 3);
  compare<Sequential<C<4, 4, e3, e1, same, relu, apart>>, Shape{9, 9, 4}, centred>("dilated");
  compare<Sequential<C<3, 2, e3, e1, same, relu, apart>>, Shape{9, 9, 3}, trained>("dilated");
  compare<Sequential<C<5, 1, e2, e1, valid>>, Shape{4, 5, 5}, centred>("one output channel");
  compare<Sequential<C<16, 2, e5, e1>>, Shape{3, 2, 16}, extreme>("two pixels");
  compare<Sequential<C<64, 4, e3>>, Shape{3, 4, 64}, extreme>("sums beyond 24 bits");
  compare<Sequential<C<4, 4, e1, e2, same>>, Shape{5, 11, 4}, full>("pointwise stride 2");
  compare<Sequential<C<7, 4, e1, Stride(1, 3), same>>, Shape{2, 13, 7}, full>("pointwise stride 3");
  compare<Sequential<C<4, 2, Extent(1, 7), e1>>, Shape{1, 3, 4}, centred>("wider than the row");
  compare<Sequential<D<1, e3, e2, same, relu6, e1, 8>>, Shape{6, 9, 1}, trained>("1 to 8 channels");
}

// RowKind of any width, with odd numbers of channels, and patches of all sizes.
template <int... width> void tails() {
  (compare<Sequential<C<5, 3, e1>, C<3, 7, e3, e2>>, Shape{2, width, 5}, full>("tails"), ...);
}
void patches() {
  tails<1, 2, 3, 4, 5, 6, 7, 8, 11, 13>();
  compare<Sequential<C<31, 5, e3>>, Shape{3, 7, 31}, full>("279 taps");
  compare<Sequential<C<61, 3, e3>>, Shape{3, 5, 61}, trained>("549 taps");
}

// Tiles of every size, of windows and of points.
template <int... width> void tiles() {
  (compare<Sequential<C<4, 3, e1>>, Shape{2, width, 4}, trained>("points by width"), ...);
  (compare<Sequential<C<4, 2, e3, e2>>, Shape{5, 2 * width, 4}, centred>("windows by width"), ...);
  (compare<Sequential<C<3, 2, e2>>, Shape{2, width, 3}, centred>("patches by width"), ...);
}
void long_sums() {
  compare<Sequential<C<64, 4, e3>>, Shape{3, 5, 64}, trained>("sums that saturate");
  compare<Sequential<C<256, 2, e3>>, Shape{1, 3, 256}, centred>("windows of 2304");
  compare<Sequential<C<3, 3, e3>, Flatten, Dense<105, 5>>, Shape{5, 7, 3}, trained>("by rows");
}

}  // namespace

void check() {
  convolutions();
  patches();
  tiles<1, 2, 3, 4, 5, 6, 7, 9>();
  long_sums();
}

}  // namespace parity
