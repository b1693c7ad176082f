// Depthwise convolutions 3x3 on rows of every width.
#include "compare.hpp"

namespace parity {

namespace {

// From pixels, and behind a convolution.
template <int channels, int width, auto stride, Padding padding, int height = 5>
void depthwise(const char* name) {
  using Behind = Sequential<C<4, channels, e1, e1, same, relu>, D<channels, e3, stride, padding>>;
  compare<Behind, Shape{height, width, 4}, trained>(name);
  compare<Behind, Shape{height, width, 4}, full>(name);
  using Alone = Sequential<D<channels, e3, stride, padding>>;
  compare<Alone, Shape{height, width, channels}, centred>(name);
}
template <int... width> void widths() {
  (depthwise<6, width, e1, same>("depthwise, same"), ...);
  (depthwise<5, width + 2, e1, valid>("depthwise, valid"), ...);
  (depthwise<3, width, e2, same, 6>("depthwise, stride 2"), ...);
  (depthwise<4, width + 1, e2, valid>("depthwise, stride 2, valid"), ...);
}

}  // namespace

void check() {
  widths<2, 3, 4, 5, 6, 7, 8, 12, 13>();
  depthwise<6, 1, e1, same>("depthwise, one column");
  depthwise<3, 1, e2, same, 6>("depthwise, one column, stride 2");
}

}  // namespace parity
