// Expected values by hand: positions in 1/1024, weights in 1/2^20, rounded half away from zero.
#include "support.hpp"

using namespace test;

static_assert(output_of<ResizeBilinear<7, 2>, At{{3, 3, 5}, 0}> == Shape{7, 2, 5});

constexpr Parameters params[] = {{.output = {0.1f, 3}}, {}};
template <class L, Shape shape> using Of = Model<Sequential<L>, shape, params>;

TEST_CASE("int8") {
  // Columns 0, 0.5, 1, 1 (clamped); rows alike. 1.5, -0.5 and 0.5 go away from zero.
  check_equal<Of<ResizeBilinear<1, 4>, Shape{1, 2, 1}>, int8s(1, 2), int8s(1, 2, 2, 2)>();
  check_equal<Of<ResizeBilinear<4, 1>, Shape{2, 1, 1}>, int8s(-1, 0), int8s(-1, -1, 0, 0)>();
  check_equal<Of<ResizeBilinear<2, 2, true>, Shape{3, 3, 1}>, int8s(1, 2, 3, 4, 5, 6, 7, 8, 9),
              int8s(1, 3, 7, 9)>();
  // Centers: -0.25 (clamped), 0.25, 0.75, 1.25 (clamped): 0, 10, 30, 40 of [0, 40].
  check_equal<Of<ResizeBilinear<1, 4, false, true>, Shape{1, 2, 1}>, int8s(0, 40),
              int8s(0, 10, 30, 40)>();
  // The middle of four: (10 + 20 + 30 + 41) / 4 = 25.25.
  check_equal<Of<ResizeBilinear<3, 3, true>, Shape{2, 2, 1}>, int8s(10, 20, 30, 41),
              int8s(10, 15, 20, 20, 25, 31, 30, 36, 41)>();
}

constexpr Parameters real_params[] = {{}, {}};
TEST_CASE("float32") {
  check_near<Model<Sequential<ResizeBilinear<1, 4>>, Shape{1, 2, 1}, real_params>>(
      floats(1, 2), floats(1, 1.5, 2, 2));
  check_near<Model<Sequential<ResizeBilinear<3, 3, true>>, Shape{2, 2, 1}, real_params>>(
      floats(10, 20, 30, 41), floats(10, 15, 20, 20, 25.25, 30.5, 30, 35.5, 41));
  check_near<Model<Sequential<ResizeBilinear<4, 1, false, true>>, Shape{2, 1, 1}, real_params>>(
      floats(0, 40), floats(0, 10, 30, 40));
}
