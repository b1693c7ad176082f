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

// Rows of several vectors, whose places repeat after few or many, or lie far apart.
template <Style style, int width, int channels> void long_rows() {
  constexpr Shape in{3, width, channels};
  compare<Sequential<Transpose<2, 0, 1>>, in, style>("channels first");
  compare<Sequential<Transpose<0, 2, 1>>, in, style>("channels before pixels");
  compare<Sequential<Transpose<1, 0, 2>>, in, style>("rows and columns change places");
  compare<Sequential<Reverse<Axis::width | Axis::channels>>, in, style>("backwards");
  compare<Sequential<Pad<0, 0, 0, 0, 3, 2>>, in, style>("border of channels");
  compare<Sequential<Slice<Axis::channels, channels / 2, channels - channels / 2>>, in, style>(
      "half of a pixel");
  compare<Sequential<Tile<1, 1, 3>>, in, style>("pixels again");
  using Joined = Graph<Node<Reverse<Axis::channels>, 0>, Node<Concatenate<Axis::channels>, 0, 1, 0>,
                       Outputs<2>>;
  compare<Joined, in, style>("side by side");
}
template <Style style> void blocks() {
  compare<Sequential<SpaceToDepth<2>>, Shape{4, 34, 3}, style>("space to depth");
  compare<Sequential<SpaceToDepth<2>>, Shape{2, 8, 16}, style>("space to depth of vectors");
  compare<Sequential<DepthToSpace<2>>, Shape{2, 34, 12}, style>("depth to space");
  compare<Sequential<ResizeNearest<2, 57>>, Shape{1, 19, 3}, style>("nearest");
  compare<Sequential<ResizeNearest<1, 3>>, Shape{1, 6, 3}, style>("nearest of fewer");
}

// Rows too far apart for a band of them: their pointers would lie on the stack.
using Far = Sequential<Slice<Axis::height, 0, 2, 40'000>>;
constexpr Parameters far_params[] = {{.output = {0.1f, 3}}, {}};
static_assert(Model<Far, Shape{40'001, 1, 3}, far_params>::arena_size > 0);

// Bands: rows that are columns of the input, as many as a step makes and fewer; small rows; pieces
// of every length, the last of which must not be a word.
template <Style style> void bands() {
  compare<Sequential<Transpose<2, 0, 1>>, Shape{3, 13, 3}, style>("three channels first");
  compare<Sequential<Transpose<2, 0, 1>>, Shape{2, 9, 6}, style>("six channels first");
  compare<Sequential<Transpose<1, 0, 2>>, Shape{11, 7, 1}, style>("columns");
  compare<Sequential<Transpose<1, 0, 2>>, Shape{5, 21, 3}, style>("columns of three channels");
  compare<Sequential<Transpose<1, 2, 0>>, Shape{12, 6, 2}, style>("rows last");
  compare<Sequential<Transpose<0, 2, 1>>, Shape{2, 18, 7}, style>("seven channels before pixels");
  compare<Sequential<Slice<Axis::height, 1, 7, 2>, Slice<Axis::channels, 1, 3>>, Shape{14, 5, 4},
          style>("every second row");
  compare<Sequential<Slice<Axis::height, 0, 9, 40>>, Shape{321, 3, 2}, style>("rows far apart");
  compare<Sequential<SpaceToDepth<4>>, Shape{32, 12, 3}, style>("blocks of four rows");
  compare<Sequential<SpaceToDepth<12>>, Shape{36, 24, 1}, style>("blocks of twelve rows");
  using Joined = Graph<Node<Slice<Axis::channels, 0, 3>, 0>, Node<Slice<Axis::channels, 2, 5>, 0>,
                       Node<Concatenate<Axis::channels>, 1, 2, 1>, Outputs<3>>;
  compare<Joined, Shape{6, 5, 7}, style>("three pieces");
}

// Places anyhow, some of them nowhere.
template <Shape in, Shape out, Element element> struct Places {
  static constexpr auto places = [] {
    std::array<std::int32_t, static_cast<std::size_t>(out.size())> all{};
    for (int i = 0; i < out.size(); ++i)
      all[static_cast<std::size_t>(i)] = i % 7 == 5 ? -1 : (i * 31 + i / 3) % in.size();
    return all;
  }();
  static constexpr Constant constants[]{{"indices", places}};
  static constexpr Parameters params[]{{.output = {1, 0}, .element = element},
                                       {.constants = constants}};
};
constexpr Shape five{4, 6, 5}, seven{3, 3, 7};
template <Element element> void tables() {
  compare_with<Sequential<IndexTable<seven, 77>>, five, Places<five, seven, element>::params>(
      "table");
  compare_with<Sequential<IndexTable<five, -3>>, seven, Places<seven, five, element>::params>(
      "table");
}

}  // namespace

void check() {
#if defined(__ARM_FEATURE_SIMD32)  // all others have scalar's kernels
  tables<Element::int8>();
  tables<Element::int16>();
  tables<Element::int32>();
  long_rows<centred, 32, 1>();
  long_rows<centred, 17, 5>();
  long_rows<centred, 64, 8>();
  long_rows<centred, 20, 18>();
  long_rows<words, 35, 3>();
  long_rows<real, 21, 14>();
  blocks<centred>();
  blocks<words>();
  blocks<real>();
#endif
  bands<centred>();
  bands<words>();
  bands<real>();
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
