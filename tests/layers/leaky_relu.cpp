// Expected int8 values: MultiplyByQuantizedMultiplier in Python, independent of this library.
#include "support.hpp"

using namespace test;

constexpr Parameters params[] = {{.output = {0.1f, -20}}, {}};
constexpr auto input = int8s(-128, -31, -30, -21, -20, 0, 39, 41, 127);
template <class L> using Of = Model<Sequential<L>, Shape{3, 3, 1}, params>;

TEST_CASE("int8: a slope of its own on either side of the zero point") {
  check_equal<Of<LeakyReLU<0.5f>>, input, int8s(-74, -25, -25, -20, -20, 0, 39, 41, 127)>();
  check_equal<Of<LeakyReLU<0.0f>>, input, int8s(-20, -20, -20, -20, -20, 0, 39, 41, 127)>();
  check_equal<Of<LeakyReLU<-1.0f>>, input, int8s(88, -9, -10, -19, -20, 0, 39, 41, 127)>();
}

constexpr Parameters rescaled[] = {{.output = {0.1f, -20}}, {.output = {0.2f, 5}}};
TEST_CASE("int8 with another output quantization") {
  using M = Model<Sequential<LeakyReLU<0.25f>>, Shape{3, 3, 1}, rescaled>;
  check_equal<M, input, int8s(-9, 4, 4, 5, 5, 15, 35, 36, 79)>();
}

// Multipliers are quotients of doubles, as in TFLM: those of float32 would make 5765 of 4563.
constexpr Quant wide_in{4.537878339760937e-05f, 0}, wide_out{3.59204423148185e-05f, 0};
using Wide = graven::core::LeakyReLU<0.3f>;
static_assert(Wide::wide(4563, Wide::numbers(wide_in, wide_out)) == 5764);
static_assert(Wide::wide(14365, Wide::numbers(wide_in, wide_out)) == 18147);

constexpr Parameters real_params[] = {{}, {}};
TEST_CASE("float32") {
  using M = Model<Sequential<LeakyReLU<0.25f>>, Shape{2, 2, 1}, real_params>;
  check_near<M>(floats(-2, -0.5, 0.5, 7), floats(-0.5, -0.125, 0.5, 7));
}
