#include "support.hpp"

using namespace test;

static_assert(output_of<Select, At{{3, 1, 5}, 0}, At{{1, 4, 1}, 0}, At{{1, 1, 5}, 0}> ==
              Shape{3, 4, 5});

constexpr std::array<bool, 3> yes{true, false, true};
constexpr float zero[] = {0};
constexpr Constant zeros[] = {{"operand", zero}};
constexpr std::int8_t other[] = {-7};
constexpr float scale[] = {0.5f};
constexpr Constant others[] = {{"value", other, scale, 3}};
constexpr Parameters params[] = {{}, {.constants = zeros}, {}};
constexpr Parameters int8_params[] = {
    {.output = {0.5f, 3}}, {.constants = others}, {.constants = others}, {}, {}};

TEST_CASE("float32: the positive ones, else the first input itself negated by a difference") {
  using Positive =
      Graph<Node<GreaterConstant<Shape{1, 1, 1}>, 0>, Node<Select, 1, 0, 1 - 1>, Outputs<2>>;
  check_near<Model<Positive, Shape{1, 3, 1}, params>>(floats(-1, 2, 3), floats(-1, 2, 3));
}

TEST_CASE("int8: a constant where the input is less than another") {
  using Net = Graph<Node<Literal<Shape{1, 1, 1}>>, Node<Literal<Shape{1, 1, 1}>>, Node<Less, 0, 1>,
                    Node<Select, 3, 2, 0>, Outputs<4>>;
  using M = Model<Net, Shape{1, 2, 2}, int8_params>;
  check_equal<M, int8s(-128, -8, -7, 100), int8s(-7, -7, -7, 100)>();
}

constexpr Parameters bool_params[] = {{.element = Element::boolean}, {}};
TEST_CASE("bool") {
  using M = Model<Graph<Node<Select, 0, 0, 0>, Outputs<1>>, Shape{1, 1, 3}, bool_params>;
  check_equal<M, yes, yes>();
}
