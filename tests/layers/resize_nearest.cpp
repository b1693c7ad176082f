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
