#include "support.hpp"

#include <algorithm>

using namespace test;

constexpr Parameters params[] = {{.output = {0.1f, 3}}, {}};

TEST_CASE("int8: within one level of the real function, per pixel") {
  using M = Model<Sequential<LogSoftmax>, Shape{2, 2, 3}, params>;
  static_assert(M::output_quant() == Quant{16.0f / 256, 127});
  constexpr auto input = int8s(10, 20, 30, -128, 127, 0, 5, 5, 5, 7, 8, -9);
  constexpr auto output = evaluate<M>(input);
  for (std::size_t pixel = 0; pixel < 12; pixel += 3) {
    double sum = 0;
    for (std::size_t c = 0; c < 3; ++c) sum += std::exp(0.1 * input[pixel + c]);
    for (std::size_t c = 0; c < 3; ++c) {
      const double steps = std::round(16 * (0.1 * input[pixel + c] - std::log(sum))) + 127;
      CHECK(std::abs(output[pixel + c] - std::fmax(steps, -128)) <= 1);
    }
  }
  static M model;
  const auto again = model.run(input);
  for (std::size_t i = 0; i < 12; ++i) CHECK(again[i] == output[i]);
}

TEST_CASE("int8: as many equal classes as there may be") {
  using M = Model<Sequential<LogSoftmax>, Shape{1, 1, 4095}, params>;
  static M model;
  for (auto& x : model.input()) x = 42;
  const auto output = model.run();
  for (const std::int8_t y : output) CHECK(y == 127 - 133);  // 16 * log(4095)
}

constexpr Parameters real_params[] = {{}, {}};
TEST_CASE("float32, without overflow") {
  using M = Model<Sequential<LogSoftmax>, Shape{1, 2, 2}, real_params>;
  check_near<M>(floats(1000, 1000, 0, 1),
                floats(-std::log(2.0), -std::log(2.0), -std::log1p(std::exp(1.0)),
                       1 - std::log1p(std::exp(1.0))));
}
