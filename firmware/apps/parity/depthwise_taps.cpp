// Depthwise convolutions of any filter.
#include "compare.hpp"

namespace parity {

namespace {

// Filters of any size: tiles of every width, whole and with windows over edges.
template <int channels, auto filter, int width, Style style, Activation activation = none,
          auto stride = e1, Padding padding = same, auto dilation = e1, int multiplier = 1>
void taps() {
  constexpr int height = Extent(filter).height + (padding == valid ? 1 : 0);
  using Layer = D<channels, filter, stride, padding, activation, dilation, multiplier>;
  compare<Sequential<Layer>, Shape{height, width, channels}, style>("depthwise of any size");
}
void any_sizes() {
  constexpr Extent e7{7};
  constexpr Stride by3{3};
  taps<1, e5, 5, extreme>();
  taps<5, e5, 1, centred>();
  taps<21, e5, 3, trained, relu>();
  taps<40, e5, 9, full>();
  taps<5, e5, 21, clamped, none, e1, valid>();
  taps<5, e5, 11, clamped, none, e2, valid>();
  taps<5, e5, 33, trained, relu, e2>();
  taps<4, e5, 14, centred, none, by3>();
  taps<40, e7, 17, trained, relu>();
  taps<5, e7, 17, centred, none, e2>();
  taps<1, e7, 11, full, none, e1, valid>();
  taps<5, Extent(1, 5), 17, extreme>();
  taps<21, Extent(5, 1), 9, clamped>();
  taps<5, Extent(5, 1), 17, extreme, none, e2>();
  taps<5, e2, 5, full>();
  taps<1, e2, 18, clamped, none, e2, valid>();
  taps<40, e2, 25, centred, none, by3>();
  taps<5, Extent(1, 19), 9, extreme>();
  taps<40, Extent(1, 19), 5, trained, relu, e2>();
  taps<3, Extent(2, 19), 36, centred, none, e2, valid>();
  taps<21, e3, 9, centred, none, e1, same, e2>();
  taps<5, e3, 21, extreme, none, e1, valid, Extent(1, 2)>();
  taps<40, e3, 5, full, none, e1, same, e2>();
  taps<3, Extent(1, 7), 24, centred, none, e1, same, Extent(1, 4)>();
  taps<8, e3, 6, nine_bits>();
  taps<13, Extent(4, 3), 7, nine_bits, relu, e2, valid>();
  taps<5, e3, 14, clamped, none, by3, valid>();
  using Behind = Sequential<C<4, 8, e1, e1, same, relu>, D<8, e5>>;
  compare<Behind, Shape{7, 13, 4}, centred>("depthwise of any size behind a convolution");
}
// Windows of one and a few vectors of sixteen taps, channels whose pixels fit offsets of a byte
// barely and barely not, several outputs per channel.
void windows() {
  constexpr Extent e9{9};
  taps<17, Extent(4, 4), 17, trained, relu>();
  taps<18, Extent(4, 8), 19, centred>();
  taps<31, Extent(3, 16), 16, left>();
  taps<32, Extent(16, 3), 18, full>();
  taps<2, Extent(17, 2), 34, extreme>();
  taps<3, e9, 12, clamped, relu>();
  taps<6, Extent(8, 12), 13, tiny>();
  taps<6, Extent(7, 14), 13, biased>();
  taps<19, e5, 7, deep, none, e1, same, Extent(1, 3)>();
  taps<3, Extent(33, 1), 5, centred, none, e1, valid>();
  taps<70, e5, 4, left, relu>();
  taps<4, Extent(2, 19), 3, centred>();
  taps<15, e3, 5, trained, none, e1, same, e1, 2>();
  taps<5, e5, 9, clamped, relu, e2, same, e1, 3>();
  taps<3, e2, 2, centred, none, e1, same, e1, 2>();
  using Global = Sequential<D<9, e5, e1, valid>>;
  compare<Global, Shape{5, 7, 9}, trained>("depthwise of any size, three columns");
  compare<Global, Shape{6, 5, 9}, left>("depthwise of any size, one column");
  compare_all<Sequential<D<5, e5>>, Shape{6, 9, 5}>("depthwise 5x5 of 5 channels");
  compare_all<Sequential<D<10, e3>>, Shape{5, 24, 10}>("depthwise 3x3 of 10 channels");
  compare<Sequential<C<1, 7, e3, e2>>, Shape{10, 24, 1}, clamped>("convolution of one channel");
  compare<Sequential<C<1, 8, Extent(6, 8), e2, same, relu>>, Shape{9, 40, 1}, trained>(
      "convolution of one channel");
}

}  // namespace

void check() {
  any_sizes();
  windows();
}

}  // namespace parity
