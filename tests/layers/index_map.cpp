#include "support.hpp"

#include <algorithm>
#include <span>
#include <vector>

using namespace test;

static_assert(output_of<Slice<Axis::width, 1, 2, 2>, At{{5, 6, 7}, 0}> == Shape{5, 2, 7});
static_assert(output_of<Pad<1, 2, 0, 3, 4>, At{{5, 6, 7}, 0}> == Shape{8, 9, 11});
static_assert(output_of<Tile<2, 1, 3>, At{{5, 6, 7}, 0}> == Shape{10, 6, 21});
static_assert(output_of<SpaceToDepth<2>, At{{4, 6, 3}, 0}> == Shape{2, 3, 12});
static_assert(output_of<DepthToSpace<2>, At{{4, 6, 12}, 0}> == Shape{8, 12, 3});

constexpr Parameters params[] = {{.output = {0.5f, 9}}, {}};
template <class L, Shape in = Shape{2, 3, 2}> using Of = Model<Sequential<L>, in, params>;
constexpr auto input = int8s(0, 1, 2, 3, 4, 5, 10, 11, 12, 13, 14, 15);

TEST_CASE("Slice, forwards and backwards, along each axis") {
  check_equal<Of<Slice<Axis::height, 1, 1>>, input, int8s(10, 11, 12, 13, 14, 15)>();
  check_equal<Of<Slice<Axis::height, 1, 2, -1>>, input,
              int8s(10, 11, 12, 13, 14, 15, 0, 1, 2, 3, 4, 5)>();
  check_equal<Of<Slice<Axis::width, 0, 2, 2>>, input, int8s(0, 1, 4, 5, 10, 11, 14, 15)>();
  check_equal<Of<Slice<Axis::width, 2, 2, -1>>, input, int8s(4, 5, 2, 3, 14, 15, 12, 13)>();
  check_equal<Of<Slice<Axis::channels, 1, 1>>, input, int8s(1, 3, 5, 11, 13, 15)>();
  check_equal<Of<Slice<Axis::width, 1, 1, 1'000'000'000>>, input, int8s(2, 3, 12, 13)>();
  check_equal<Of<Slice<Axis::height, 1, 1, -2'147'483'647>>, input,
              int8s(10, 11, 12, 13, 14, 15)>();
}

TEST_CASE("Pad adds zero points") {
  check_equal<Of<Pad<1, 0, 0, 0>>, input,
              int8s(9, 9, 9, 9, 9, 9, 0, 1, 2, 3, 4, 5, 10, 11, 12, 13, 14, 15)>();
  check_equal<Of<Pad<0, 0, 1, 0>, Shape{2, 2, 3}>, input,
              int8s(9, 9, 9, 0, 1, 2, 3, 4, 5, 9, 9, 9, 10, 11, 12, 13, 14, 15)>();
  check_equal<Of<Pad<0, 0, 0, 0, 1, 1>>, input,
              int8s(9, 0, 1, 9, 9, 2, 3, 9, 9, 4, 5, 9, 9, 10, 11, 9, 9, 12, 13, 9, 9, 14, 15,
                    9)>();
}

TEST_CASE("Reverse and Tile") {
  check_equal<Of<Reverse<Axis::height>>, input, int8s(10, 11, 12, 13, 14, 15, 0, 1, 2, 3, 4, 5)>();
  check_equal<Of<Reverse<Axis::width | Axis::channels>>, input,
              int8s(5, 4, 3, 2, 1, 0, 15, 14, 13, 12, 11, 10)>();
  check_equal<Of<Tile<1, 2>, Shape{2, 1, 6}>, input,
              int8s(0, 1, 2, 3, 4, 5, 0, 1, 2, 3, 4, 5, 10, 11, 12, 13, 14, 15, 10, 11, 12, 13, 14,
                    15)>();
  check_equal<Of<Tile<2, 1, 2>, Shape{1, 1, 12}>, int8s(0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11),
              int8s(0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 0,
                    1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11)>();
}

constexpr auto square = int8s(0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15);
TEST_CASE("blocks of pixels and back") {
  check_equal<Of<SpaceToDepth<2>, Shape{4, 4, 1}>, square,
              int8s(0, 1, 4, 5, 2, 3, 6, 7, 8, 9, 12, 13, 10, 11, 14, 15)>();
  check_equal<Of<DepthToSpace<2>, Shape{2, 2, 4}>, square,
              int8s(0, 1, 4, 5, 2, 3, 6, 7, 8, 9, 12, 13, 10, 11, 14, 15)>();
}

constexpr Parameters reals[] = {{}, {}};
TEST_CASE("float32") {
  check_near<Model<Sequential<Pad<0, 0, 1, 1>>, Shape{2, 1, 1}, reals>>(floats(1, 2),
                                                                        floats(0, 1, 0, 0, 2, 0));
  using Map = IndexMap<Shape{1, 2, 2}, 0, bits(1.5f), Digit{2, 2}, Digit{2, 1, 1}>;
  check_near<Model<Sequential<Map>, Shape{1, 1, 4}, reals>>(floats(1, 2, 3, 4),
                                                            floats(1.5, 1, 1.5, 3));
}

// Rows as they are cost no step.
constexpr Parameters twice[] = {{.output = {0.5f, 0}}, {}, {}};
TEST_CASE("a slice of rows is a view") {
  using M = Model<Sequential<Slice<Axis::height, 1, 3>, ReLU>, Shape{4, 2, 2}, twice>;
  static_assert(M::step_count == 3);
  check_equal<M, square, int8s(4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15)>();
}

// Of rows that a Reshape has moved those are copied that are read, and a hook sees them alone; from
// the middle of a row on, what is before them in it is copied, too, and a hook sees nothing.
constexpr Parameters four_times[] = {{.output = {0.5f, 0}}, {}, {}, {}, {}};
template <int first> void check_reshaped_slice(int copied, const std::vector<int>& shown) {
  using Part = IndexMap<Shape{3, 1, 2}, 2 * first, 0, Digit{3, 2}, Digit{2, 1}>;
  using M =
      Model<Sequential<ReLU, Reshape<Shape{8, 1, 2}>, Part, ReLU>, Shape{4, 2, 2}, four_times>;
  constexpr auto part = [] {
    std::array<std::int8_t, 6> rows{};
    for (std::size_t i = 0; i < 6; ++i) rows[i] = square[2 * first + i];
    return rows;
  }();
  check_equal<M, square, part>();
  static M model;
  std::ranges::copy(square, model.input().begin());
  std::vector<int> seen;
  int steps = 0;
  model.run_with([&](const auto& step) {
    if (step.layer != 2) return;
    ++steps;
    for (int r = 0; r < step.rows; ++r) {
      CHECK((step.first_row + r == static_cast<int>(seen.size()) / 2 && step.row_bytes == 2));
      for (int i = 0; i < 2; ++i) seen.push_back(static_cast<int>(step.data[r][i]));
    }
  });
  CHECK(steps == copied);
  CHECK(seen == shown);
}
// What a layer yields exists, whoever reads a part of it: where it lies can be asked.
using FirstPart = IndexMap<Shape{6, 1, 2}, 4, 0, Digit{6, 2}, Digit{2, 1}>;
using SecondPart = IndexMap<Shape{2, 1, 2}, 8, 0, Digit{2, 2}, Digit{2, 1}>;
constexpr Parameters five_times[] = {{.output = {0.5f, 0}}, {}, {}, {}, {}, {}};
using Parts = Model<Sequential<ReLU, Reshape<Shape{8, 1, 2}>, FirstPart, SecondPart, ReLU>,
                    Shape{4, 2, 2}, five_times, scalar, plan::inspectable>;
static_assert(Parts::layers[3].offset == Parts::layers[2].offset + 4 * 2);

TEST_CASE("a slice of reshaped rows") {
  check_reshaped_slice<2>(3, {4, 5, 6, 7, 8, 9});
  check_reshaped_slice<3>(4, {});
}

// Digits that run through the ends of the input's rows.
TEST_CASE("elements that are counted on from row to row") {
  using Part = IndexMap<Shape{2, 1, 4}, 3, 0, Digit{2, 5}, Digit{4, 1}>;
  check_equal<Of<Part, Shape{4, 2, 2}>, square, int8s(3, 4, 5, 6, 8, 9, 10, 11)>();
  using Every = IndexMap<Shape{1, 1, 5}, 15, 0, Digit{5, -3}>;
  check_equal<Of<Every, Shape{4, 2, 2}>, square, int8s(15, 12, 9, 6, 3)>();
}

constexpr std::int32_t places[] = {3, -1, 0, 11, 5, 5};
constexpr Constant constants[] = {{"indices", places}};
constexpr Parameters with_table[] = {{.output = {0.5f, 9}}, {.constants = constants}};
TEST_CASE("a table of places") {
  using M = Model<Sequential<IndexTable<Shape{3, 1, 2}, -7>>, Shape{2, 3, 2}, with_table>;
  check_equal<M, input, int8s(3, -7, 0, 15, 5, 5)>();
}

// Streams: rows move with time, and maps whose columns depend on the row are made anew.
template <class L>
using Timed =
    Sequential<MaxPool<Extent{2, 1}, Extent{1, 1}>, L, MaxPool<Extent{2, 1}, Extent{1, 1}>>;
constexpr Parameters timed[]{{}, {}, {}, {}};
template <class L> void check_stream() {
  constexpr StreamPolicy policy{.padding = TimePadding::recomputed, .hop = 0};
  using Pushed = Streaming<Timed<L>, Shape{12, 4, 4}, timed, scalar, policy>;
  static Model<Timed<L>, Shape{12, 4, 4}, timed> model;
  static Pushed stream;
  static std::array<float, 40 * 16> signal{};
  for (std::size_t i = 0; i < signal.size(); ++i)
    signal[i] = static_cast<float>((i * 37 + i * i) % 101);
  const std::span<const float> all(signal);
  for (std::size_t end = Pushed::hop; end <= 40; end += Pushed::hop) {
    stream.push(all.subspan(16 * (end - Pushed::hop)).template first<Pushed::push_size>());
    if (end < 12 || !stream.is_full()) continue;
    model.run(all.subspan(16 * (end - 12)).template first<12 * 16>());
    const auto expected = model.output_bytes(0), got = stream.output_bytes(0);
    CHECK(std::equal(expected.begin(), expected.end(), got.begin(), got.end()));
  }
}
TEST_CASE("maps in streams") {
  check_stream<Slice<Axis::channels, 1, 2>>();
  check_stream<Slice<Axis::height, 2, 7>>();
  check_stream<Slice<Axis::height, 1, 5, 2>>();
  check_stream<Reverse<Axis::width>>();
  check_stream<Reverse<Axis::height>>();
  check_stream<Transpose<0, 2, 1>>();
  check_stream<Transpose<1, 0, 2>>();
  check_stream<Pad<1, 1, 0, 1>>();
  check_stream<DepthToSpace<2>>();
}
