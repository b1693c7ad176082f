#include "support.hpp"

using namespace test;

constexpr Parameters real[] = {{}, {}};
template <class L> using OfReals = Model<Sequential<L>, Shape{2, 2, 3}, real>;

TEST_CASE("float32: along every axis, both ways") {
  const auto in = floats(1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12);
  constexpr Axis height = Axis::height, width = Axis::width;
  check_near<OfReals<CumSum<>>>(in, floats(1, 3, 6, 4, 9, 15, 7, 15, 24, 10, 21, 33));
  check_near<OfReals<CumSum<width>>>(in, floats(1, 2, 3, 5, 7, 9, 7, 8, 9, 17, 19, 21));
  check_near<OfReals<CumSum<height>>>(in, floats(1, 2, 3, 4, 5, 6, 8, 10, 12, 14, 16, 18));
  check_near<OfReals<CumSum<height, true>>>(in, floats(0, 0, 0, 0, 0, 0, 1, 2, 3, 4, 5, 6));
  check_near<OfReals<CumSum<height, false, true>>>(
      in, floats(8, 10, 12, 14, 16, 18, 7, 8, 9, 10, 11, 12));
  check_near<OfReals<CumSum<Axis::channels, true, true>>>(
      in, floats(5, 3, 0, 11, 6, 0, 17, 9, 0, 23, 12, 0));
}

constexpr Parameters params[] = {{.output = {0.5f, 0}}, {.output = {1.0f, 3}}};
constexpr Parameters shifted[] = {{.output = {0.5f, -4}}, {.output = {0.5f, 0}}};
TEST_CASE("int8") {
  check_equal<Model<Sequential<CumSum<>>, Shape{1, 1, 4}, params>, int8s(2, 4, -10, 100),
              int8s(4, 6, 1, 51)>();
  // TFLM: a sum starts at minus the zero point, as if one element of 0 came before.
  check_equal<Model<Sequential<CumSum<Axis::height>>, Shape{3, 1, 1}, shifted>, int8s(-4, -3, 0),
              int8s(4, 5, 9)>();
}
