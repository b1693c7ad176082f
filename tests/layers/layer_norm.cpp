#include "support.hpp"

using namespace test;

namespace {

static_assert(output_of<LayerNorm, At{{2, 3, 4}, 0}> == Shape{2, 3, 4});

constexpr float gamma[]{1, 2, 1, 1}, beta[]{0, 0, 10, 0};
constexpr Constant factors[]{{"gamma", gamma}, {"beta", beta}};
constexpr Parameters real[]{{}, {.constants = factors}};
constexpr Parameters plain[]{{}, {}};

// Steps of 1/4 in, of 1/64 out.
constexpr Parameters bytes[]{{.output = {0.25f, 3}},
                             {.constants = factors, .output = {1.0f / 64, -7}}};
constexpr Parameters words[]{{.output = {0.25f, 0}, .element = Element::int16},
                             {.output = {1.0f / 64, 0}, .element = Element::int8}};

}  // namespace

TEST_CASE("float32: less the mean, by the root of the variance, or by that of the mean square") {
  const auto in = floats(1, 3, 1, 3);
  check_near<Model<Sequential<LayerNormWith<0.0f>>, Shape{1, 1, 4}, real>>(in, floats(-1, 2, 9, 1));
  check_near<Model<Sequential<LayerNorm>, Shape{1, 1, 4}, plain>>(
      in, floats(-0.999995, 0.999995, -0.999995, 0.999995));
  check_near<Model<Sequential<RMSNormWith<3.0f>>, Shape{1, 1, 4}, plain>>(
      in, floats(0.353553, 1.06066, 0.353553, 1.06066));
}

TEST_CASE("equal channels are zeros, not a division by zero") {
  check_near<Model<Sequential<LayerNorm>, Shape{1, 1, 4}, plain>>(floats(5, 5, 5, 5),
                                                                  floats(0, 0, 0, 0));
}

TEST_CASE("int8: the same in the output's steps, saturated") {
  using Net = Sequential<LayerNormWith<0.0f>>;
  check_equal<Model<Net, Shape{1, 1, 4}, bytes>, int8s(7, 15, 7, 15), int8s(-71, 121, 127, 57)>();
}

TEST_CASE("int16 in, int8 out") {
  using Net = Sequential<RMSNormWith<0.0f>>;
  static Model<Net, Shape{1, 1, 2}, words> model;
  const auto output = model.run(std::array<std::int16_t, 2>{3000, -4000});
  CHECK(output[0] == 54);  // 64 * 3 / sqrt(12.5)
  CHECK(output[1] == -72);
}

TEST_CASE("integers: a pixel without variance is beta, even where epsilon is 0") {
  using Net = Sequential<LayerNormWith<0.0f>>;
  check_equal<Model<Net, Shape{1, 1, 4}, bytes>, int8s(7, 7, 7, 7), int8s(-7, -7, 127, -7)>();
  static Model<Sequential<RMSNormWith<0.0f>>, Shape{1, 1, 2}, words> model;
  const auto output = model.run(std::array<std::int16_t, 2>{0, 0});
  CHECK((output[0] == 0 && output[1] == 0));
}
