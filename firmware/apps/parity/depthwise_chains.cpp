// Chains of layers that hand rows on to depthwise convolutions in other forms.
#include "compare.hpp"

namespace parity {

namespace {

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

}  // namespace

void check() {
  chains();
  doubles();
}

}  // namespace parity
