// int16 with int8 weights: tiles of pixels and what is left of them, windows that hang over edges,
// and what the fast requantization cannot do.
#include "compare.hpp"

namespace parity {

namespace {

template <int width, int outputs> void convolutions() {
  compare<Sequential<C<3, outputs, e3>>, Shape{4, width, 3}, words>("int16 convolution");
  compare<Sequential<C<5, outputs, e1, e2, same, relu>>, Shape{3, 2 * width, 5}, words>(
      "int16, 1x1");
  compare<Sequential<C<16, outputs, e1>>, Shape{2, width, 16}, words>("int16, 1x1 of whole eights");
  compare<Sequential<C<4, outputs, Extent(2, 3), e1, same, relu6, Dilation(1, 2)>>,
          Shape{4, width, 4}, words>("int16, dilated");
}
// Windows of many blocks, whole and with tails, of which each row is a piece, and copies.
void long_windows() {
  compare<Sequential<C<16, 12, e3>>, Shape{4, 7, 16}, words>("int16, long rows of windows");
  compare<Sequential<C<13, 5, e3, e1, same, relu6>>, Shape{4, 6, 13}, words>(
      "int16, long rows with tails");
  compare<Sequential<C<100, 9, e1, e1, same, relu>>, Shape{1, 5, 100}, words>("int16, a long row");
  compare<Sequential<C<250, 11, e1>>, Shape{1, 1, 250}, words>("int16, one long row");
  compare<Sequential<C<6, 8, Extent(3, 9)>>, Shape{5, 12, 6}, words>("int16, a wide window");
}
template <int channels> void depthwises() {
  compare<Sequential<D<channels, e3>>, Shape{4, 6, channels}, words>("int16 depthwise");
  compare<Sequential<D<channels, Extent(2, 7), e2, same, none>>, Shape{3, 9, channels}, words>(
      "int16 depthwise 2x7");
  compare<Sequential<D<channels, e3, e1, same, relu, Dilation(2)>>, Shape{5, 6, channels}, words>(
      "int16 depthwise, dilated");
}
// Wide rows, windows of one and of several vectors.
template <int channels> void wide_depthwises() {
  compare<Sequential<D<channels, e3, e1, same, none>>, Shape{4, 21, channels}, words>(
      "int16 depthwise on wide rows");
  compare<Sequential<D<channels, e5, e2, same, relu6>>, Shape{5, 33, channels}, words>(
      "int16 depthwise 5x5");
  compare<Sequential<D<channels, Extent(6, 8), e1, valid>>, Shape{7, 18, channels}, words>(
      "int16 depthwise 6x8");
  compare<Sequential<D<channels, e3, e1, same, none, e1, 2>>, Shape{4, 9, channels}, words>(
      "int16 depthwise, two outputs per channel");
}
template <int inputs, int outputs> void dense() {
  compare<Sequential<Dense<inputs, outputs>>, Shape{1, 1, inputs}, words>("int16 Dense");
}

// int8 with the weights of uint8 models.
template <int inputs, int outputs> void nine() {
  compare<Sequential<C<inputs, outputs, e3>>, Shape{4, 5, inputs}, nine_bits>("uint8 convolution");
  compare<Sequential<C<inputs, outputs, e1, e2, same, relu>>, Shape{3, 6, inputs}, nine_bits>(
      "uint8, 1x1");
  compare<Sequential<Dense<inputs, outputs>>, Shape{1, 1, inputs}, nine_bits>("uint8 Dense");
  constexpr Style tied_nine{
      .in_zero = 5, .out_zero = 3, .weights = 5, .scale = 0.004f, .one_scale = true};
  compare<Sequential<Dense<inputs, outputs>>, Shape{1, 1, inputs}, tied_nine>("uint8 Dense");
  using ByRows = Sequential<Flatten, Dense<6 * inputs, outputs>>;
  compare<ByRows, Shape{3, 2, inputs}, tied_nine>("uint8 Dense by rows");
}

// What instruction sets with kernels of int16 do by those, and all others by scalar's.
void others() {
  using Product = Graph<Node<BatchMatMul<false, true>, 0, 1>, Outputs<2>>;
  using Difference = Graph<Node<SquaredDifference, 0, 1>, Outputs<2>>;
  using Quotient = Graph<Node<Div, 0, 1>, Outputs<2>>;
  constexpr Shape shape{3, 5, 7};
  compare<Product, shapes(shape, Shape{1, 4, 7}), words>("int16 product of matrices");
  using Sum = Graph<Node<Add, 0, 1>, Outputs<2>>;
  using Less = Graph<Node<SubWith<relu>, 0, 1>, Outputs<2>>;
  using Times = Graph<Node<Mul, 0, 1>, Outputs<2>>;
  compare<Sum, shapes(shape, shape), words>("int16 sum");
  compare<Sum, shapes(Shape{1, 1, 1}, shape), words>("int16 sum with one");
  using Lower = Graph<Node<Minimum, 0, 1>, Outputs<2>>;
  using Higher = Graph<Node<Maximum, 0, 1>, Outputs<2>>;
  compare<Lower, shapes(shape, shape), words>("int16 minimum");
  compare<Higher, shapes(shape, Shape{1, 1, 1}), words>("int16 maximum with one");
  compare<Sum, shapes(Shape{2, 4, 16}, Shape{2, 4, 16}), words>("int16 sum of whole words");
  compare<Times, shapes(Shape{2, 4, 16}, Shape{2, 4, 16}), steep_words>("int16 product, steep");
  compare<Less, shapes(Shape{2, 4, 6}, Shape{2, 1, 6}), words>("int16 difference, by channel");
  compare<Less, shapes(shape, Shape{1, 1, 7}), words>("int16 difference");
  compare<Times, shapes(shape, shape), words>("int16 product");
  compare<Times, shapes(shape, Shape{3, 5, 1}), words>("int16 product, by pixel");
  compare<Difference, shapes(shape, Shape{1, 1, 7}), words>("int16 squared difference");
  compare<Quotient, shapes(shape, shape), words>("int16 quotient");
  compare<Sequential<ResizeBilinear<7, 9>>, shape, words>("int16 bilinear");
  compare<Sequential<ResizeBilinear<4, 9, false, true>>, shape, words>("int16 bilinear, halves");
  compare<Sequential<TransposeConv2D<7, 4, 3, 2, same>>, shape, words>("int16 backwards");
  compare<Sequential<ReLU6>, shape, words>("int16 relu6");
  compare<Sequential<Sigmoid>, shape, words>("int16 sigmoid");
  compare<Sequential<Tanh>, shape, words>("int16 tanh");
  compare<Sequential<GELU>, shape, words>("int16 gelu");
  compare<Sequential<LeakyReLU<0.1f>>, shape, words>("int16 leaky relu");
  compare<Sequential<Sqrt>, shape, words>("int16 root");
}

// Pairs of rows of int16 in scales of their own.
constexpr Parameters words_in(float scale, int zero = 0) {
  return {.output = {scale, zero}, .element = Element::int16};
}
template <class Layer, auto shapes, const auto& params> void pair(const char* name) {
  compare_with<Graph<Node<Layer, 0, 1>, Outputs<2>>, shapes, params>(name);
}
// The scale of the first operand is the smaller one, a little and by much, and the larger one.
constexpr Parameters near[] = {words_in(0.0011f), words_in(0.0013f), words_in(0.0017f)},
                     far[] = {words_in(0.00003f), words_in(0.0013f), words_in(0.0003f)},
                     larger[] = {words_in(0.0013f), words_in(0.0004f), words_in(0.0013f)},
                     steep[] = {words_in(0.9f), words_in(0.7f), words_in(0.0003f)},
                     vanishing[] = {words_in(1e-10f), words_in(1.0f), words_in(1.0f)},
                     apart[] = {words_in(0.001f, 7), words_in(0.0013f, -300), words_in(0.002f, 9)};

template <class Layer, const auto& params> void pairs(const char* name) {
  constexpr Shape shape{2, 3, 7};
  pair<Layer, shapes(shape, shape), params>(name);
  pair<Layer, shapes(shape, Shape{1, 1, 1}), params>(name);
}
template <const auto& params> void scaled_pairs() {
  constexpr Shape wide{2, 5, 16};
  pairs<Add, params>("int16 sum in scales");
  pair<AddWith<relu6>, shapes(Shape{1, 1, 1}, wide), params>("int16 sum in scales, relu6");
  pair<Sub, shapes(wide, wide), params>("int16 difference in scales");
  pair<SubWith<relu>, shapes(wide, wide), params>("int16 difference in scales, relu");
}
// Products know no scales but that of the result.
void products() {
  constexpr Shape wide{2, 5, 16};
  pairs<Mul, far>("int16 product in scales");
  pair<MulWith<relu>, shapes(wide, wide), near>("int16 product in scales, relu");
  pair<MulWith<relu6>, shapes(Shape{1, 1, 1}, wide), larger>("int16 product in scales, relu6");
  pairs<Mul, steep>("int16 product, much larger");
  pairs<Mul, apart>("int16 product, not around zero");
  pairs<Sub, apart>("int16 difference, not around zero");
}

void other_pairs() {
  pairs<Add, vanishing>("int16 sum, of which a term vanishes");
  pairs<Sub, vanishing>("int16 difference, of which a term vanishes");
  pairs<Add, apart>("int16 sum, not around zero");
}

}  // namespace

void check() {
  scaled_pairs<near>();
  scaled_pairs<far>();
  scaled_pairs<larger>();
  other_pairs();
  products();
  convolutions<1, 5>();
  convolutions<2, 4>();
  convolutions<3, 1>();
  convolutions<4, 6>();
  convolutions<8, 7>();
  nine<1, 4>();
  nine<5, 7>();
  nine<16, 9>();
  others();
  long_windows();
  dense<1, 3>();
  dense<7, 4>();
  dense<32, 9>();
  dense<70, 16>();
  dense<256, 17>();
  depthwises<4>();
  depthwises<7>();
  depthwises<17>();
  depthwises<1>();
  wide_depthwises<3>();
  wide_depthwises<40>();
  compare<Sequential<D<3, e3>>, Shape{4, 21, 3}, steep_words>("int16 depthwise, steep");
  convolutions<9, 16>();
  compare<Sequential<D<5, Extent(1, 3), e1, same, none, Dilation(1, 4)>>, Shape{1, 2, 5}, words>(
      "int16 depthwise, wider than its input");
  compare<Sequential<D<8, e3>>, Shape{4, 6, 8}, steep_words>("int16 depthwise, steep");
  using ByRows = Sequential<C<3, 5, e3>, Flatten, Dense<90, 6>>;
  compare<ByRows, Shape{3, 6, 3}, words>("int16 Dense by rows");
  compare<ByRows, Shape{3, 6, 3}, steep_words>("int16 Dense by rows, steep");
  using ByEights = Sequential<C<3, 8, e3>, Flatten, Dense<144, 6>>;
  compare<ByEights, Shape{3, 6, 3}, words>("int16 Dense by rows of whole eights");
  compare<Sequential<C<3, 6, e3>, C<6, 4, e1>>, Shape{4, 5, 3}, steep_words>("int16, steep");
  compare<Sequential<Dense<20, 6>>, Shape{1, 1, 20}, steep_words>("int16 Dense, steep");
}

}  // namespace parity
