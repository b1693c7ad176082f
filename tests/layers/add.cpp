// int8 values: TFLite's ADD (20 fractional bits) in Python, independent of this library.
#include "support.hpp"

using namespace test;

static_assert(output_of<Add, At{{3, 4, 5}, 0}, At{{3, 4, 5}, 0}> == Shape{3, 4, 5});
static_assert(output_of<Add, At{{3, 4, 5}, 0}, At{{1, 4, 1}, 0}> == Shape{3, 4, 5});
static_assert(output_of<Add, At{{1, 1, 5}, 0}, At{{3, 4, 1}, 0}> == Shape{3, 4, 5});

// b is a constant in the first models, in which the sum is layer 0.
constexpr std::int8_t b[] = {127, -30, 5, -100, 2, 127};
constexpr float b_scale[] = {0.03f};
constexpr Constant constants[] = {{"operand", b, b_scale, 10}};
constexpr Parameters params[] = {{.output = {0.1f, -5}},
                                 {.constants = constants, .output = {0.08f, 3}}};
constexpr auto a = int8s(-128, -50, 0, 1, 99, 127);

TEST_CASE("int8") {
  using M = Model<Sequential<AddConstant<Shape{2, 3, 1}>>, Shape{2, 3, 1}, params>;
  check_equal<M, a, int8s(-107, -68, 7, -31, 127, 127)>();
  using Clamped = Model<Sequential<AddConstant<Shape{2, 3, 1}, relu>>, Shape{2, 3, 1}, params>;
  check_equal<Clamped, a, int8s(3, 3, 7, 3, 127, 127)>();
}

constexpr float c[] = {1, 20};
constexpr Constant real_constants[] = {{"operand", c}};
constexpr Parameters real_params[] = {{}, {.constants = real_constants}};

TEST_CASE("float32, broadcast over each axis") {
  check_near<Model<Sequential<AddConstant<Shape{2, 1, 1}>>, Shape{2, 2, 1}, real_params>>(
      floats(1, 2, 3, 4), floats(2, 3, 23, 24));
  check_near<Model<Sequential<AddConstant<Shape{1, 2, 1}>>, Shape{2, 2, 1}, real_params>>(
      floats(1, 2, 3, 4), floats(2, 22, 4, 24));
  check_near<Model<Sequential<AddConstant<Shape{1, 1, 2}>>, Shape{2, 1, 1}, real_params>>(
      floats(1, 2), floats(2, 21, 3, 22));
  check_near<Model<Sequential<AddConstant<Shape{1, 1, 2}, relu6>>, Shape{2, 1, 1}, real_params>>(
      floats(-3, 2), floats(0, 6, 3, 6));
}

constexpr Parameters residual_params[] = {{}, {}, {}, {}};
TEST_CASE("Residual: both sides read the same activation") {
  using M = Model<Sequential<Residual<Sequential<ReLU, ReLU6>>>, Shape{1, 3, 1}, residual_params>;
  check_near<M>(floats(-1, 2, 9), floats(-1, 4, 15));
  CHECK(M::layer_count == 3);
}

constexpr Parameters nested_params[] = {{}, {}, {}};
TEST_CASE("Residual in Residual") {
  using M = Model<Residual<Residual<Identity>>, Shape{3, 1, 1}, nested_params>;
  check_near<M>(floats(1, 2, 3), floats(3, 6, 9));  // (x + x) + x
  CHECK(M::layer_count == 2);
}
