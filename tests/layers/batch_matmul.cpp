#include "support.hpp"

#include <algorithm>

using namespace test;

static_assert(output_of<BatchMatMul<>, At{{4, 2, 3}, 0}, At{{4, 3, 5}, 0}> == Shape{4, 2, 5});
static_assert(output_of<BatchMatMul<true>, At{{1, 3, 2}, 0}, At{{4, 3, 5}, 0}> == Shape{4, 2, 5});
static_assert(output_of<BatchMatMul<false, true>, At{{4, 2, 3}, 0}, At{{1, 5, 3}, 0}> ==
              Shape{4, 2, 5});

constexpr Parameters real[] = {{}, {}, {}};
template <class Layer, Shape x, Shape y>
using OfReals = Model<Graph<Node<Layer, 0, 1>, Outputs<2>>, shapes(x, y), real>;

template <class M, class A, class B, class Out>
void check(const A& a, const B& b, const Out& expected) {
  static M model;
  std::copy(a.begin(), a.end(), model.template input<0>().begin());
  std::copy(b.begin(), b.end(), model.template input<1>().begin());
  const auto output = model.run();
  REQUIRE(output.size() == expected.size());
  for (std::size_t i = 0; i < expected.size(); ++i) CHECK(output[i] == expected[i]);
}

TEST_CASE("float32: both ways round") {
  // [1 2 3; 4 5 6] * [1 0; 0 1; 2 -1]
  const auto x = floats(1, 2, 3, 4, 5, 6), y = floats(1, 0, 0, 1, 2, -1);
  const auto expected = floats(7, -1, 16, -1);
  const auto turned_x = floats(1, 4, 2, 5, 3, 6), turned_y = floats(1, 0, 2, 0, 1, -1);
  check<OfReals<BatchMatMul<>, Shape{1, 2, 3}, Shape{1, 3, 2}>>(x, y, expected);
  check<OfReals<BatchMatMul<true>, Shape{1, 3, 2}, Shape{1, 3, 2}>>(turned_x, y, expected);
  check<OfReals<BatchMatMul<false, true>, Shape{1, 2, 3}, Shape{1, 2, 3}>>(x, turned_y, expected);
  check<OfReals<BatchMatMul<true, true>, Shape{1, 3, 2}, Shape{1, 2, 3}>>(turned_x, turned_y,
                                                                          expected);
  check<OfReals<BatchMatMul<false, false, relu>, Shape{1, 2, 3}, Shape{1, 3, 2}>>(
      x, y, floats(7, 0, 16, 0));
}

TEST_CASE("float32: one matrix meets all of the other operand") {
  const auto rows = floats(1, 2, 3, 4);
  const auto one = floats(10, 1);
  check<OfReals<BatchMatMul<>, Shape{2, 1, 2}, Shape{1, 2, 1}>>(rows, one, floats(12, 34));
  check<OfReals<BatchMatMul<>, Shape{1, 1, 2}, Shape{2, 2, 1}>>(one, rows, floats(12, 34));
}

constexpr Parameters params[] = {
    {.output = {0.5f, -3}}, {.output = {0.25f, 7}}, {.output = {0.5f, 10}}};
TEST_CASE("int8: both have zero points") {
  // ((1 + 3) * (2 - 7) + (-3 + 3) * (100 - 7)) * 0.125 / 0.5 + 10 = 5
  using M = Model<Graph<Node<BatchMatMul<>, 0, 1>, Outputs<2>>,
                  shapes(Shape{2, 1, 2}, Shape{2, 2, 1}), params>;
  check<M>(int8s(1, -3, 127, 127), int8s(2, 100, 127, 127), int8s(5, 127));
}

constexpr std::int8_t matrix[] = {2, 100, 9, -127};
constexpr float scale[] = {0.25f};
constexpr Constant operand[] = {{"operand", matrix, scale, 7}};
constexpr Parameters constant[] = {{.output = {0.5f, -3}},
                                   {.constants = operand, .output = {0.5f, 10}}};
TEST_CASE("int8: by a constant with a zero point") {
  using M = Model<Sequential<BatchMatMulConstant<Shape{1, 2, 2}>>, Shape{1, 2, 2}, constant>;
  // [4 0; 1 1] * [-5 93; 2 -134] / 4 + 10, rounded twice
  check_equal<M, int8s(1, -3, -2, -2), int8s(5, 103, 9, 0)>();
  // [-5 93; 2 -134] * [4 0; 1 1] / 4 + 10, rounded twice
  using Left = Model<Sequential<ConstantBatchMatMul<Shape{1, 2, 2}>>, Shape{1, 2, 2}, constant>;
  check_equal<Left, int8s(1, -3, -2, -2), int8s(29, 34, -22, -24)>();
}
