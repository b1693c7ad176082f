#include "support.hpp"

using namespace test;

static_assert(output_of<ResizeNearest<7, 2>, At{{3, 3, 5}, 0}> == Shape{7, 2, 5});

constexpr Parameters params[] = {{.output = {0.1f, 3}}, {}};
template <class L, Shape shape> using Of = Model<Sequential<L>, shape, params>;

TEST_CASE("int8") {
  constexpr auto square = int8s(1, 2, 3, 4);
  check_equal<Of<ResizeNearest<4, 4>, Shape{2, 2, 1}>, square,
              int8s(1, 1, 2, 2, 1, 1, 2, 2, 3, 3, 4, 4, 3, 3, 4, 4)>();
  check_equal<Of<ResizeNearest<1, 2>, Shape{2, 2, 1}>, square, int8s(1, 2)>();
  check_equal<Of<ResizeNearest<1, 2, false, true>, Shape{2, 2, 1}>, square, int8s(3, 4)>();
  // Corners: round(i * 2 / 4) = 0, 1, 1, 2, 2: 0.5 and 1.5 go up.
  check_equal<Of<ResizeNearest<1, 5, true>, Shape{1, 3, 1}>, int8s(7, 8, 9),
              int8s(7, 8, 8, 9, 9)>();
  check_equal<Of<ResizeNearest<2, 1>, Shape{1, 1, 3}>, int8s(7, 8, 9), int8s(7, 8, 9, 7, 8, 9)>();
}

constexpr Parameters real_params[] = {{}, {}};
TEST_CASE("float32") {
  check_near<Model<Sequential<ResizeNearest<3, 1>>, Shape{2, 1, 2}, real_params>>(
      floats(1, 2, 3, 4), floats(1, 2, 1, 2, 3, 4));
}

// Rows are looked up by their places, which those of a ring have anew again and again; no other
// step of the network pays for it.
TEST_CASE("rows of a ring") {
  constexpr int rows = 2 * plan::most_places;
  static constexpr Parameters sets[] = {{.output = {0.1f, 3}}, {}, {}};
  using Net = Sequential<MaxPool<Extent{2, 1}>, ResizeNearest<rows * 3 / 4, 1>>;
  using M = Model<Net, Shape{2 * rows, 1, 1}, sets>;
  using Tables = FlashTables<graph_of<Net, std::array{Shape{2 * rows, 1, 1}}, sets, true, true>,
                             scalar, sets, plan::fastest>;
  static_assert(!Tables::has_row_lists && Tables::ring[1] > 0 && Tables::ring[1] < 8);
  static M model;
  std::array<std::int8_t, 2 * rows> input{};
  for (int y = 0; y < 2 * rows; ++y)
    input[static_cast<std::size_t>(y)] = static_cast<std::int8_t>(y / 2 * 37);
  const auto output = model.run(input);
  for (int y = 0; y < rows * 3 / 4; ++y)
    CHECK(output[static_cast<std::size_t>(y)] == static_cast<std::int8_t>(y * 4 / 3 * 37));
}
