// Depthwise convolutions, chains of layers that hand rows on in other forms, all other layers.
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

void depthwises() {
  widths<2, 3, 4, 5, 6, 7, 8, 12, 13>();
  depthwise<6, 1, e1, same>("depthwise, one column");
  depthwise<3, 1, e2, same, 6>("depthwise, one column, stride 2");
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

// Pools and resizes between a convolution and a depthwise one.
template <class... Between> void chain(const char* name) {
  using Chain = Sequential<C<4, 6, e1, e1, same, relu>, Between..., D<6, e3>>;
  compare<Chain, Shape{6, 11, 4}, trained>(name);
  compare<Chain, Shape{7, 18, 4}, full>(name);
}
void chains() {
  chain<MaxPool<2>>("pooled by two");
  chain<MaxPool<Extent(3, 2), Stride(2, 2)>>("pooled, overlapping");
  chain<MaxPool<3, 2, same>>("pooled by three");
  chain<ResizeNearest<12, 22>>("doubled or not");
  chain<ResizeNearest<9, 36, false, true>>("doubled or not");
  chain<ResizeNearest<5, 7, true>>("shrunk");
  chain<MaxPool<2>, ResizeNearest<6, 10>>("pooled and doubled");
  using Two = Graph<Node<C<4, 4, e1, e1, same, relu>, 0>, Node<MaxPool<2>, 1>, Node<D<4, e3>, 2>,
                    Node<D<4, e3, e2>, 1>, Node<ResizeNearest<5, 8>, 1>, Outputs<3, 4, 5>>;
  compare<Two, Shape{6, 8, 4}, trained>("a pool, a resize and a depthwise one");
  using Shown = Graph<Node<C<4, 4, e1, e1, same, relu>, 0>, Node<MaxPool<2>, 1>, Node<D<4, e3>, 2>,
                      Outputs<2, 3>>;
  compare<Shown, Shape{6, 8, 4}, trained>("a pool that is an output");
}

// Doubled images, which depthwise 3x3 takes as they were before.
template <int height, int width, int channels, int factor, bool half, Style style>
void doubled(const char* name) {
  using Chain = Sequential<C<4, channels, e1, e1, same, relu>,
                           ResizeNearest<factor * height, 2 * width, false, half>, D<channels, e3>>;
  compare<Chain, Shape{height, width, 4}, style>(name);
}
void doubles() {
  doubled<3, 4, 5, 2, false, trained>("doubled");
  doubled<3, 5, 6, 2, true, full>("doubled, half pixels");
  doubled<2, 6, 3, 3, false, trained>("doubled, three rows");
  doubled<1, 7, 4, 2, false, full>("doubled, one row");
  doubled<3, 9, 17, 2, false, trained>("doubled, long rows");
  doubled<2, 13, 3, 4, true, extreme>("doubled, four rows");
  doubled<3, 4, 3, 2, false, deep>("doubled, long sums");
  doubled<3, 4, 3, 2, false, biased>("doubled, biased");
  doubled<3, 5, 3, 2, false, coarse>("doubled, coarse");
  doubled<2, 5, 3, 3, false, coarse>("doubled, coarse, three rows");
  using Conv = C<4, 4, e1, e1, same, relu>;
  using Whole = Sequential<Conv, ResizeNearest<6, 8>, D<4, e3, e1, same, none>>;
  compare<Whole, Shape{3, 4, 4}, lifted>("doubled, signed");
  using Long = Sequential<Conv, ResizeNearest<9, 26>, D<4, e3, e1, same, none>>;
  compare<Long, Shape{3, 13, 4}, lifted>("doubled, signed, three rows");
  using Kept = Sequential<Conv, ResizeNearest<3, 8>, D<4, e3>>;
  compare<Kept, Shape{3, 4, 4}, trained>("doubled columns only");
  using Narrow = Sequential<Conv, ResizeNearest<6, 6>, D<4, e3>>;
  compare<Narrow, Shape{3, 3, 4}, trained>("doubled, narrow");
  using Pooled = Sequential<Conv, MaxPool<2>, ResizeNearest<6, 8>, D<4, e3>>;
  compare<Pooled, Shape{6, 8, 4}, full>("pooled and doubled");
  using Two = Graph<Node<Conv, 0>, Node<ResizeNearest<6, 8>, 1>, Node<D<4, e3>, 2>,
                    Node<D<4, e3>, 2>, Node<D<4, e3, e2>, 1>, Outputs<3, 4, 5>>;
  compare<Two, Shape{3, 4, 4}, trained>("doubled, two readers");
  using Strided = Graph<Node<Conv, 0>, Node<ResizeNearest<6, 8>, 1>, Node<D<4, e3>, 2>,
                        Node<D<4, e3, e2>, 2>, Outputs<3, 4>>;
  compare<Strided, Shape{3, 4, 4}, trained>("doubled, one reader with a stride");
}

void others() {
  using Sum =
      Graph<Node<C<4, 4, e1>, 0>, Node<Add, 0, 1>, Node<Add, 1, 0>, Node<Add, 2, 3>, Outputs<4>>;
  compare_all<Sum, Shape{3, 5, 4}>("add");
  using Operands = Graph<Node<Add, 0, 1>, Outputs<2>>;
  compare<Operands, shapes(Shape{3, 5, 3}, Shape{3, 5, 3}), centred>("add inputs");
  compare<Operands, shapes(Shape{3, 5, 3}, Shape{1, 1, 3}), centred>("add broadcast");
  compare_all<Sequential<MaxPool<3, 2, same>>, Shape{7, 8, 8}>("max pool 8");
  compare<Sequential<MaxPool<2>>, Shape{4, 6, 3}, centred>("max pool 3");
  compare<Sequential<AvgPool<5>>, Shape{5, 5, 8}, centred>("global average");
  compare<Sequential<AvgPool<Extent(16, 17)>>, Shape{16, 17, 4}, centred>("average of 272");
  compare<Sequential<AvgPool<3, 1, same>>, Shape{5, 5, 4}, centred>("average pool");
  compare<Sequential<AvgPool<2>>, Shape{6, 8, 10}, centred>("average pool of 10 channels");
  compare<Sequential<AvgPool<Extent(5, 51), 1, same>>, Shape{9, 60, 3}, centred>("average of 255");
  compare<Sequential<AvgPool<Extent(3, 19), 2, same>>, Shape{6, 27, 9}, centred>("averages");
  compare<Sequential<AvgPool<1>>, Shape{2, 5, 17}, centred>("average of one");
  compare<Sequential<GlobalAvgPool>, Shape{5, 5, 4}, centred>("mean");
  compare<Sequential<ResizeNearest<9, 7>, D<3, e3>>, Shape{4, 5, 3}, centred>("nearest");
  compare<Sequential<ResizeBilinear<9, 7>>, Shape{4, 5, 4}, centred>("bilinear");
}

}  // namespace

void check_depthwises() {
  depthwises();
  any_sizes();
  windows();
  wides();
  chains();
  doubles();
  others();
}

}  // namespace parity
