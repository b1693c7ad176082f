#include "support.hpp"

using namespace test;

constexpr Parameters params[] = {{.output = {0.25f, -5}}, {}};

TEST_CASE("int8 -> float32") {
  using M = Model<Sequential<Dequantize>, Shape{2, 2, 1}, params>;
  static_assert(M::output_element() == Element::float32);
  static_assert(evaluate<M>(int8s(-128, -5, 0, 127)) == floats(-30.75, 0, 1.25, 33));
  check_near<M>(int8s(-128, -5, 0, 127), floats(-30.75, 0, 1.25, 33));
}

constexpr Parameters both[] = {{.output = {0.25f, -5}}, {}, {.output = {0.25f, -5}}};

TEST_CASE("there and back is the identity") {
  using M = Model<Sequential<Dequantize, Quantize>, Shape{16, 16, 1}, both>;
  static M model;
  for (int i = 0; i < 256; ++i)
    model.input()[static_cast<std::size_t>(i)] = static_cast<std::int8_t>(i - 128);
  const auto output = model.run();
  for (int i = 0; i < 256; ++i) CHECK(output[static_cast<std::size_t>(i)] == i - 128);
}

TEST_CASE("uint8") {
  static constexpr Parameters unsigned_input[] = {
      {.output = {0.5f, 200}, .element = Element::uint8}, {}};
  static Model<Sequential<Dequantize>, Shape{1, 3, 1}, unsigned_input> model;
  const auto output = model.run(std::array<std::uint8_t, 3>{0, 200, 255});
  CHECK(output[0] == -100.0f);
  CHECK(output[1] == 0.0f);
  CHECK(output[2] == 27.5f);
}
