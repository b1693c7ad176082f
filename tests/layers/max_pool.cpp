#include "support.hpp"

using namespace test;

static_assert(output_of<MaxPool<2>, At{{5, 7, 3}, 0}> == Shape{2, 3, 3});
static_assert(output_of<MaxPool<3, 2, same>, At{{5, 7, 3}, 0}> == Shape{3, 4, 3});
static_assert(output_of<MaxPool<Extent{1, 4}, Extent{1, 2}>, At{{5, 8, 1}, 0}> == Shape{5, 3, 1});

constexpr Parameters params[] = {{.output = {0.1f, -20}}, {}};
constexpr auto input = int8s(1, -7, 3, -4, 5, -60, 7, -8, 9);
template <class L, Shape shape = Shape{3, 3, 1}> using Of = Model<Sequential<L>, shape, params>;

TEST_CASE("int8") {
  check_equal<Of<MaxPool<2, 1>>, input, int8s(5, 5, 7, 9)>();
  check_equal<Of<MaxPool<2>>, input, int8s(5)>();
  check_equal<Of<MaxPool<3>>, input, int8s(9)>();  // a reduction
  check_equal<Of<MaxPool<Extent{3, 1}>>, input, int8s(7, 5, 9)>();
  check_equal<Of<MaxPool<2, 2, same>>, input, int8s(5, 3, 7, 9)>();
  check_equal<Of<MaxPool<Extent{1, 3}, 1, valid, relu6>>, input, int8s(3, 5, 9)>();
  check_equal<Of<MaxPool<2>, Shape{2, 2, 2}>, int8s(1, -1, 2, -2, 3, -3, 4, -4), int8s(4, -1)>();
}
TEST_CASE("int8: padding never wins, the clamp is of the quantized range") {
  check_equal<Of<MaxPool<3, 1, same>>, int8s(-128, -128, -128, -128, -128, -128, -128, -128, -127),
              int8s(-128, -128, -128, -128, -127, -127, -128, -127, -127)>();
  // real 0 is -20, real 6 is 40
  check_equal<Of<MaxPool<1, 1, valid, relu6>>, int8s(-128, -21, -20, 0, 39, 40, 41, 127, 5),
              int8s(-20, -20, -20, 0, 39, 40, 40, 40, 5)>();
}

constexpr Parameters real_params[] = {{}, {}};
TEST_CASE("float32") {
  check_near<Model<Sequential<MaxPool<2, 1>>, Shape{3, 2, 1}, real_params>>(
      floats(-1, -2, -3.5, -4, 7, -6), floats(-1, 7));
  check_near<Model<Sequential<MaxPool<3, 3, valid, relu6>>, Shape{3, 3, 1}, real_params>>(
      floats(1, 2, 3, 4, 55, 6, 7, 8, 9), floats(6));
}
