// Index maps: runs, pieces, elements of a row and of all rows, borders, tables.
#include "compare.hpp"

namespace parity {

namespace {

template <class Layer, Shape in> void moved(const char* name) {
  compare<Sequential<Layer>, in, centred>(name);
}

template <int channels> void moves() {
  constexpr Shape in{4, 6, channels};
  moved<Pad<1, 2, 2, 0>, in>("border");
  moved<Pad<0, 0, 0, 0, 1, 2>, in>("border of channels");
  moved<Slice<Axis::width, 1, 4>, in>("slice of pixels");
  moved<Slice<Axis::channels, channels - 1, channels, -1>, in>("channels backwards");
  moved<Reverse<Axis::height | Axis::width>, in>("reverse");
  moved<Transpose<1, 2, 0>, in>("transpose");
  moved<Tile<2, 2, 3>, in>("tile");
  moved<SpaceToDepth<2>, in>("space to depth");
}

// Elements of every size, apart and side by side, between fills of their own size.
template <Style style> void sizes() {
  constexpr Shape in{2, 19, 5};
  compare<Sequential<Transpose<0, 2, 1>>, in, style>("pixels apart");
  compare<Sequential<Reverse<Axis::width | Axis::channels>>, in, style>("backwards");
  compare<Sequential<Pad<0, 1, 2, 3>>, in, style>("border");
  compare<Sequential<Pad<1, 0, 0, 0, 3, 2>>, in, style>("border of channels");
  compare<Sequential<Slice<Axis::width, 1, 9, 2>>, in, style>("every second pixel");
  compare<Sequential<ResizeNearest<4, 38>>, in, style>("nearest");
  using Joined =
      Graph<Node<Reverse<Axis::width>, 0>, Node<Concatenate<Axis::channels>, 0, 1>, Outputs<2>>;
  compare<Joined, in, style>("side by side");
  using Behind =
      Graph<Node<Reverse<Axis::width>, 0>, Node<Concatenate<Axis::width>, 0, 1>, Outputs<2>>;
  compare<Behind, in, style>("one behind the other");
}

}  // namespace

void check() {
  sizes<centred>();
  sizes<words>();
  sizes<real>();
  moves<1>();
  moves<4>();
  moves<5>();
  moves<32>();
  moved<DepthToSpace<2>, Shape{3, 4, 8}>("depth to space");
  moved<IndexMap<Shape{3, 1, 7}, 2, 0, Digit{3, 7}, Digit{7, 1}>, Shape{5, 2, 3}>("through rows");
}

}  // namespace parity
