#include "support.hpp"

#include <algorithm>

using namespace test;

constexpr Parameters params[] = {{.output = {0.1f, 3}}, {}};

TEST_CASE("int8: within one level of the real function, per pixel") {
  using M = Model<Sequential<Softmax>, Shape{2, 2, 3}, params>;
  static_assert(M::output_quant() == Quant{1.0f / 256, -128});
  constexpr auto input = int8s(10, 20, 30, -128, 127, 0, 5, 5, 5, 7, 8, -9);
  constexpr auto output = evaluate<M>(input);
  for (std::size_t pixel = 0; pixel < 12; pixel += 3) {
    double sum = 0;
    for (std::size_t c = 0; c < 3; ++c) sum += std::exp(0.1 * input[pixel + c]);
    for (std::size_t c = 0; c < 3; ++c) {
      double expected = std::round(256 * std::exp(0.1 * input[pixel + c]) / sum) - 128;
      expected = expected > 127 ? 127 : expected;
      CHECK(std::abs(output[pixel + c] - expected) <= 1);
    }
  }
  static M model;
  const auto again = model.run(input);
  for (std::size_t i = 0; i < 12; ++i) CHECK(again[i] == output[i]);
}

TEST_CASE("int8: beta scales the differences") {
  using Half = Model<Sequential<SoftmaxWith<0.5f>>, Shape{1, 1, 3}, params>;
  using Whole = Model<Sequential<Softmax>, Shape{1, 1, 3}, params>;
  static_assert(evaluate<Half>(int8s(0, 20, 40)) == evaluate<Whole>(int8s(0, 10, 20)));
  static_assert(evaluate<Half>(int8s(0, 20, 40)) != evaluate<Whole>(int8s(0, 20, 40)));
}

// So many equal classes: 256 / n levels each, half a level and less from 512 on.
template <int n> void check_equal(int level) {
  CAPTURE(n);
  using M = Model<Sequential<Softmax>, Shape{1, 1, n}, params>;
  static M model;
  for (auto& x : model.input()) x = 42;
  const auto output = model.run();
  CHECK(std::count(output.begin(), output.end(), level) == n);
  model.input()[n / 2] = 127;  // stands out by a factor of 4,900
  for (auto& x : model.input().first(n / 2)) x = 42;
  for (auto& x : model.input().subspan(n / 2 + 1)) x = 42;
  const double expected = std::round(256 / (1 + (n - 1) * std::exp(-8.5))) - 128;
  CHECK(std::abs(model.run()[n / 2] - (expected > 127 ? 127 : expected)) <= 1);
}
TEST_CASE("int8: hundreds and thousands of classes") {
  check_equal<400>(-127);
  check_equal<511>(-127);
  check_equal<512>(-128);
  check_equal<1023>(-128);
  check_equal<1024>(-128);
  check_equal<5000>(-128);
}

constexpr Parameters real_params[] = {{}, {}};
TEST_CASE("float32, large inputs included") {
  using M = Model<Sequential<Softmax>, Shape{2, 1, 2}, real_params>;
  const double e = std::exp(1.0);
  check_near<M>(floats(1, 2, 1000, 1000), floats(1 / (1 + e), e / (1 + e), 0.5, 0.5));
  using Steep = Model<Sequential<SoftmaxWith<2.0f>>, Shape{1, 1, 2}, real_params>;
  check_near<Steep>(floats(1, 1.5f), floats(1 / (1 + e), e / (1 + e)));
}
