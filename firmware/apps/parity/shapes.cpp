// Bands of two rows, single columns, few channels, long strips.
#include "compare.hpp"

namespace parity {

namespace {

// The limit of the weights decides whether they are expanded (by an estimate that is a word or two
// too high).
template <class Network, Shape shape> void check_flash() {
  static constexpr const auto& params =
      Source<Network, graven::core::detail::input_shapes(shape), centred>::params;
  using Fast = Model<Network, shape, params>;
  using Small = Model<Network, shape, params, native, plan::smallest>;
  constexpr int fast = Fast::weight_size, small = Small::weight_size;
  static_assert(fast > small);
  using Roomy = Model<Network, shape, params, native, plan::in_flash(plan::fastest, fast + 8)>;
  using Tight = Model<Network, shape, params, native, plan::in_flash(plan::fastest, fast - 1)>;
  static_assert(Roomy::weight_size == fast && Tight::weight_size == small);
}

// A layer that does not fit the limit leaves it to others, though it would save more per byte.
template <class Isa> void check_room() {
  using Network = Sequential<C<8, 16, e3>, C<16, 16, e3>, C<16, 64, e1>, C<64, 64, e3>>;
  constexpr Shape shape{8, 8, 8};
  using From = Source<Network, graven::core::detail::input_shapes(shape), centred>;
  constexpr int small = Model<Network, shape, From::params, Isa, plan::smallest>::weight_size;
  static_assert(Model<Network, shape, From::params, Isa>::weight_size > small);
}

// 3x3 at stride 1 in bands of two rows, where an instruction set has such, and one row at a time.
template <int in, int out, Padding padding, int height, int width, class Isa = native>
void banded(const char* name) {
  using Network = Sequential<C<in, out, e3, e1, padding>>;
  constexpr Shape shape{height, width, in};
  compare_all<Network, shape>(name);
  compare<Network, shape, centred, plan::smallest>(name);
  if constexpr (requires { typename Isa::template with_spare<0>; }) {
    constexpr auto inputs = graven::core::detail::input_shapes(shape);
    constexpr GraphView graph =
        graph_of<Network, inputs, Source<Network, inputs, centred>::params, true>.view();
    static_assert(Isa::band(graph, 1) == 2 && Isa::lean::band(graph, 1) == 1);
    check_flash<Network, shape>();
    check_room<Isa>();
  }
}
void bands() {
  banded<8, 8, same, 4, 8>("bands, 8 to 8");
  banded<4, 12, valid, 7, 18>("bands, 4 to 12, an odd row");
  banded<12, 10, same, 5, 15>("bands, 12 to 10, an odd row and column");
  banded<20, 6, valid, 4, 9>("bands, 20 to 6");
  compare<Sequential<C<16, 4, e3>, C<4, 8, e3, e1, valid>>, Shape{6, 16, 16}, extreme>("bands");
  compare<Sequential<C<32, 2, e3>>, Shape{2, 8, 32}, full>("bands");
}

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
  dense<72, 13>();
  dense<196, 16>();
  dense<300, 17>();
  dense<16, 67>();
  compare<Sequential<Dense<1, 16, relu>, Dense<16, 1>>, Shape{1, 1, 1}, tied>("dense 1, 16, 1");
  compare<Sequential<C<4, 4, e3>>, Shape{6, 1, 4}, centred>("rows of one pixel");
  compare<Sequential<C<3, 4, e3>, Flatten, Dense<120, 9>>, Shape{5, 6, 3}, centred>("by rows");
  compare<Sequential<C<3, 5, e3>, Flatten, Dense<150, 6>>, Shape{5, 6, 3}, full>("by rows");
}

// Pointwise convolutions of few inputs, onto pixels and onto the planar rows of a depthwise one.
template <int inputs, int outputs, int width> void narrow() {
  using Point = C<inputs, outputs, e1, e1, same, relu>;
  compare<Sequential<Point>, Shape{2, width, inputs}, trained>("few inputs");
  compare<Sequential<Point>, Shape{2, width, inputs}, centred>("few inputs, any zero point");
  compare<Sequential<Point, D<outputs, e3>>, Shape{3, width, inputs}, full>("few inputs, planar");
}
void narrows() {
  narrow<1, 3, 8>();
  narrow<2, 4, 17>();
  narrow<3, 4, 9>();
  narrow<3, 5, 10>();
  narrow<4, 1, 24>();
  narrow<5, 2, 7>();
  narrow<6, 3, 9>();
  narrow<7, 2, 17>();
  narrow<8, 5, 16>();
  using Strided = Sequential<C<3, 4, e1, Stride(1, 2)>>;
  compare_all<Strided, Shape{1, 21, 3}>("few inputs, stride 2");
}

// Windows two elements apart.
void strips() {
  compare_all<Sequential<C<1, 6, Extent(3, 8), e2>>, Shape{5, 15, 1}>("strips of eight");
  compare<Sequential<C<2, 4, Extent(2, 5)>>, Shape{4, 9, 2}, centred>("strips of two channels");
  compare<Sequential<C<1, 2, Extent(5, 9), e2, valid>>, Shape{6, 13, 1}, full>("three pixels");
  compare<Sequential<D<1, Extent(10, 8), e2, same, relu, e1, 8>>, Shape{9, 8, 1}, trained>(
      "1 to 8");
  compare<Sequential<C<1, 2, Extent(1, 30), e2, valid>>, Shape{1, 40, 1}, trained>("long strips");
}

// Outputs that cannot share halfwords.
void plains() {
  compare_all<Sequential<C<12, 6, e1>>, Shape{2, 8, 12}>("twelve inputs");
  compare<Sequential<C<4, 4, e3, e1, same, relu>, D<4, e3>>, Shape{4, 7, 4}, extreme>("plain");
  compare<Sequential<C<32, 2, e3, e1, same>>, Shape{3, 5, 32}, extreme>("plain, in loops");
}

}  // namespace

void check_shapes() {
  bands();
  columns();
  narrows();
  strips();
  plains();
}

}  // namespace parity
