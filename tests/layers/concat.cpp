#include "support.hpp"

using namespace test;

static_assert(output_of<Concatenate<>, At{{2, 3, 4}, 0}, At{{2, 3, 1}, 0}> == Shape{2, 3, 5});
static_assert(output_of<Concatenate<Axis::height>, At{{2, 3, 4}, 0}, At{{5, 3, 4}, 0}> ==
              Shape{7, 3, 4});
static_assert(
    output_of<Concatenate<Axis::width>, At{{2, 3, 4}, 0}, At{{2, 1, 4}, 0}, At{{2, 2, 4}, 0}> ==
    Shape{2, 6, 4});
static_assert(output_of<Concat<MaxPool<2, 1>, AvgPool<2, 1>>, At{{3, 3, 2}, 0}> == Shape{2, 2, 4});

constexpr Parameters params[] = {{.output = {0.1f, 3}}, {}, {}, {}};
template <Axis axis>
using Joined = Graph<Node<MaxPool<1>, 0>, Node<Concatenate<axis>, 0, 1>, Node<ReLU, 2>, Outputs<3>>;

TEST_CASE("along each axis") {
  constexpr Shape shape{2, 2, 1};
  check_equal<Model<Joined<Axis::height>, shape, params>, int8s(11, 12, 13, 14),
              int8s(11, 12, 13, 14, 11, 12, 13, 14)>();
  check_equal<Model<Joined<Axis::width>, shape, params>, int8s(11, 12, 13, 14),
              int8s(11, 12, 11, 12, 13, 14, 13, 14)>();
  check_equal<Model<Joined<Axis::channels>, shape, params>, int8s(11, 12, 13, 14),
              int8s(11, 11, 12, 12, 13, 13, 14, 14)>();
}

// The joint has scale 0.2 and zero point -10: (x - 3) / 2 - 10, 0.5 rounded away from zero.
constexpr Parameters rescaled[] = {{.output = {0.1f, 3}}, {}, {}, {.output = {0.2f, -10}}};
TEST_CASE("inputs of another quantization are requantized") {
  using M = Model<Concat<MaxPool<1>, MaxPool<1>>, Shape{1, 2, 1}, rescaled>;
  check_equal<M, int8s(7, 127), int8s(-8, -8, 52, 52)>();
}

// More branches than most layers have inputs.
constexpr Parameters many[] = {{}, {}};
TEST_CASE("many inputs") {
  using Wide =
      Graph<Node<Concatenate<>, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0>,
            Outputs<1>>;
  using M = Model<Wide, Shape{2, 1, 1}, many>;
  std::array<float, 40> expected;
  for (std::size_t i = 0; i < 40; ++i) expected[i] = i < 20 ? 5.0f : 7.0f;
  check_near<M>(floats(5, 7), expected);
}
TEST_CASE("many inputs whose rows have moved") {
  static constexpr Parameters two[] = {{}, {}, {}};
  using Wide =
      Graph<Node<Reshape<Shape{3, 1, 2}>, 0>,
            Node<Concatenate<>, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1>,
            Outputs<2>>;
  using M = Model<Wide, Shape{2, 3, 1}, two>;
  static M model;
  const auto output = model.run(floats(1, 2, 3, 4, 5, 6));
  REQUIRE(output.size() == 120);
  for (std::size_t i = 0; i < 120; ++i)
    CHECK(output[i] == static_cast<float>(1 + 2 * (i / 40) + i % 2));
}

TEST_CASE("with a fused activation") {
  static constexpr Parameters real[] = {{}, {}};
  using Real = Graph<Node<Concatenate<Axis::width, relu6>, 0, 0>, Outputs<1>>;
  check_near<Model<Real, Shape{2, 1, 2}, real>>(floats(-1, 2, 7, 3),
                                                floats(0, 2, 0, 2, 6, 3, 6, 3));
  // Zero point 3 is 0, 63 is 6.
  using Int = Graph<Node<Concatenate<Axis::height, relu6>, 0, 0>, Outputs<1>>;
  static constexpr Parameters integer[] = {{.output = {0.1f, 3}}, {}};
  check_equal<Model<Int, Shape{1, 1, 3}, integer>, int8s(-5, 40, 90),
              int8s(3, 40, 63, 3, 40, 63)>();
}
