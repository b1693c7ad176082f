// int8 -> int8: MultiplyByQuantizedMultiplier in Python, independent of this library.
#include "support.hpp"

using namespace test;

constexpr Parameters params[] = {{}, {.output = {0.1f, -5}}};
constexpr Parameters rescaled[] = {{.output = {0.1f, -5}}, {.output = {0.3f, 20}}};

TEST_CASE("float32 -> int8: half away from zero, saturating") {
  static Model<Sequential<Quantize>, Shape{2, 4, 1}, params> model;
  const auto output = model.run(floats(0, 0.05f, 0.149f, -0.05f, -0.25f, 3.14f, 100, -1e20f));
  const auto expected = int8s(-5, -4, -4, -6, -8, 26, 127, -128);
  for (std::size_t i = 0; i < 8; ++i) CHECK(output[i] == expected[i]);
}

TEST_CASE("int8 -> int8") {
  using M = Model<Sequential<Quantize>, Shape{1, 7, 1}, rescaled>;
  check_equal<M, int8s(-128, -5, -4, -3, 0, 1, 127), int8s(-21, 20, 21, 21, 22, 22, 64)>();
}
