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

}  // namespace

void check() {
  moves<1>();
  moves<4>();
  moves<5>();
  moves<32>();
  moved<DepthToSpace<2>, Shape{3, 4, 8}>("depth to space");
  moved<IndexMap<Shape{3, 1, 7}, 2, 0, Digit{3, 7}, Digit{7, 1}>, Shape{5, 2, 3}>("through rows");
}

}  // namespace parity
