// Dense, over vectors and images, and convolutions on single columns.
#include "compare.hpp"

namespace parity {

namespace {

// Outputs of one scale, with inputs widened in scratch and, where memory is short, as they can be.
template <int inputs, int outputs> void dense() {
  using Network = Sequential<Dense<inputs, outputs>>;
  constexpr Shape input{1, 1, inputs};
  compare<Network, input, tied>("dense, one scale");
  compare<Network, input, tied_whole>("dense, one scale");
  compare<Network, input, tied, plan::smallest>("dense, one scale, small");
  compare<Network, input, tied_whole, plan::smallest>("dense, one scale, small");
}

void columns() {
  compare_all<Sequential<Dense<37, 11>>, Shape{1, 1, 37}>("dense 37 to 11");
  compare_all<Sequential<C<3, 6, Extent(3, 4), e1, valid>>, Shape{5, 4, 3}>("one column");
  compare<Sequential<Dense<1, 16, relu>, Dense<16, 1>>, Shape{1, 1, 1}, trained>("dense 1, 16, 1");
  compare<Sequential<Dense<600, 8>>, Shape{1, 1, 600}, extreme>("long dense");
  dense<37, 18>();
  dense<3, 5>();
  dense<70, 20>();
  dense<70, 1>();
  dense<70, 2>();
  dense<72, 13>();
  dense<196, 16>();
  dense<300, 17>();
  dense<16, 67>();
  compare<Sequential<Dense<1, 16, relu>, Dense<16, 1>>, Shape{1, 1, 1}, tied>("dense 1, 16, 1");
  compare<Sequential<C<4, 4, e3>>, Shape{6, 1, 4}, centred>("rows of one pixel");
  compare<Sequential<C<3, 4, e3>, Flatten, Dense<120, 9>>, Shape{5, 6, 3}, centred>("by rows");
  compare<Sequential<C<3, 5, e3>, Flatten, Dense<150, 6>>, Shape{5, 6, 3}, full>("by rows");
  compare<Sequential<C<3, 4, e3>, Flatten, Dense<120, 8>>, Shape{5, 6, 3}, centred>("in fours");
  using Behind = Sequential<C<2, 8, e3>, Flatten, Dense<144, 7>>;
  compare<Behind, Shape{3, 6, 2}, left>("by rows of whole blocks");
  compare<Behind, Shape{3, 6, 2}, clamped>("by rows of whole blocks");
  compare<Sequential<C<2, 3, e3>, Flatten, Dense<27, 5>>, Shape{3, 3, 2}, tiny>("by short rows");
}

}  // namespace

void check() {
  compare_all<Sequential<Flatten, Dense<56, 3>>, Shape{2, 7, 4}>("rows of 28");
  columns();
}

}  // namespace parity
