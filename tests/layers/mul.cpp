// Values: TFLM's MUL in Python, independent of this library.
#include "support.hpp"

using namespace test;

static_assert(output_of<Mul, At{{5, 6, 7}, 0}, At{{1, 1, 7}, 0}> == Shape{5, 6, 7});
static_assert(output_of<Mul, At{{5, 1, 7}, 0}, At{{1, 6, 1}, 0}> == Shape{5, 6, 7});

constexpr std::int8_t factors[] = {100, -20};
constexpr float scale[] = {0.01f};
constexpr Constant constants[] = {{"operand", factors, scale, 10}};
constexpr Parameters params[] = {{.output = {0.1f, -5}},
                                 {.constants = constants, .output = {0.05f, 3}}};
// Factors 0.9 and -0.3: 0.5, 1.0, -12.3, 13.2 become 0.45, -0.3, -11.07, -3.96.
constexpr auto input = int8s(0, 5, -128, 127);

template <class L> using Of = Model<Sequential<L>, Shape{1, 2, 2}, params>;

TEST_CASE("int8 by a constant per channel") {
  check_equal<Of<MulConstant<Shape{1, 1, 2}>>, input, int8s(12, -3, -128, -76)>();
  check_equal<Of<MulConstant<Shape{1, 1, 2}, relu>>, input, int8s(12, 3, 3, 3)>();
}

constexpr Parameters square[] = {{.output = {0.1f, -5}}, {.output = {1, 0}}};
using Squared = Graph<Node<Mul, 0, 0>, Outputs<1>>;
TEST_CASE("int8 by itself") {  // 0.25, 1, 151.29, 174.24
  check_equal<Model<Squared, Shape{1, 2, 2}, square>, input, int8s(0, 1, 127, 127)>();
}

constexpr float reals[] = {2, -1};
constexpr Constant real_constants[] = {{"operand", reals}};
constexpr Parameters real_params[] = {{}, {.constants = real_constants}};
TEST_CASE("float32") {
  using M = Model<Sequential<MulConstant<Shape{1, 1, 2}, relu>>, Shape{1, 2, 2}, real_params>;
  check_near<M>(floats(1, 2, -3, -4), floats(2, 0, 0, 4));
}
