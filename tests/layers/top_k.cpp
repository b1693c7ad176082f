#include "support.hpp"

#include <array>
#include <limits>

using namespace test;

constexpr Parameters params[] = {{.output = {0.5f, 3}}, {}};
constexpr Parameters words[] = {{.output = {0.5f, 0}, .element = Element::int16}, {}};
constexpr Parameters reals[] = {{}, {}};

template <int k, int output> using Top = Graph<Node<TopK<k>, 0>, Outputs<Out<1, output>>>;

TEST_CASE("the largest first, of equal ones the lower index") {
  constexpr auto input = int8s(3, -128, 7, 7, 127, 0, 0, -1);  // two pixels
  check_equal<Model<Top<3, 0>, Shape{1, 2, 4}, params>, input, int8s(7, 7, 3, 127, 0, 0)>();
  check_equal<Model<Top<3, 1>, Shape{1, 2, 4}, params>, input, std::array{2, 3, 0, 0, 1, 2}>();
  check_equal<Model<Top<4, 1>, Shape{2, 1, 4}, params>, input,
              std::array{2, 3, 0, 1, 0, 1, 2, 3}>();
}

TEST_CASE("int16 and float32") {
  constexpr std::array<std::int16_t, 3> input{-32768, 32767, 5}, sorted{32767, 5, -32768};
  check_equal<Model<Top<3, 0>, Shape{1, 1, 3}, words>, input, sorted>();
  using Values = Model<Top<2, 0>, Shape{1, 1, 3}, reals>;
  check_near<Values>(floats(-2, -0.5, -1), floats(-0.5, -1));
}

TEST_CASE("NaN is taken last, with -infinity") {
  constexpr float nan = std::numeric_limits<float>::quiet_NaN();
  constexpr float least = -std::numeric_limits<float>::infinity();
  static Model<Top<4, 1>, Shape{1, 1, 4}, reals> model;
  const auto output = model.run(std::array{nan, 1.0f, least, 2.0f});
  CHECK(output[0] == 3);
  CHECK(output[1] == 1);
  CHECK(output[2] == 0);
  CHECK(output[3] == 2);
}
