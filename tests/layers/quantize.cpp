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

// uint8 is int8 with everything 128 higher.
constexpr Parameters from_uint8[] = {{.output = {0.1f, 123}, .element = Element::uint8},
                                     {.output = {0.3f, 20}}};
constexpr Parameters to_uint8[] = {{.output = {0.1f, -5}},
                                   {.output = {0.3f, 148}, .element = Element::uint8}};
constexpr Parameters real_to_uint8[] = {{}, {.output = {0.1f, 123}, .element = Element::uint8}};
constexpr std::array<std::uint8_t, 7> shifted = {0, 123, 124, 125, 128, 129, 255};
constexpr std::array<std::uint8_t, 7> rescaled_shifted = {107, 148, 149, 149, 150, 150, 192};

TEST_CASE("uint8 -> int8, int8 -> uint8, float32 -> uint8") {
  check_equal<Model<Sequential<Quantize>, Shape{1, 7, 1}, from_uint8>, shifted,
              int8s(-21, 20, 21, 21, 22, 22, 64)>();
  check_equal<Model<Sequential<Quantize>, Shape{1, 7, 1}, to_uint8>,
              int8s(-128, -5, -4, -3, 0, 1, 127), rescaled_shifted>();
  using Real = Model<Sequential<Quantize>, Shape{1, 4, 1}, real_to_uint8>;
  static Real model;
  const auto output = model.run(floats(0, 0.05f, -1e20f, 100));
  constexpr std::array<std::uint8_t, 4> expected = {123, 124, 0, 255};
  for (std::size_t i = 0; i < 4; ++i) CHECK(output[i] == expected[i]);
  CHECK(Model<Sequential<Quantize>, Shape{1, 7, 1}, from_uint8>::quantize(0.5f) == 128);
}
