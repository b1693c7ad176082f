// int8 values: the generator's numpy reference, which tests hold against TFLM; others by hand.
#include "support.hpp"

#include <limits>

using namespace test;

static_assert(output_of<Sub, At{{3, 4, 5}, 0}, At{{1, 4, 1}, 0}> == Shape{3, 4, 5});
static_assert(output_of<Less, At{{1, 1, 5}, 0}, At{{3, 4, 1}, 0}> == Shape{3, 4, 5});

constexpr float scale[] = {0.03f};
template <std::size_t N> constexpr Constant operand(const std::int8_t (&data)[N], int zero = 10) {
  return {"operand", data, scale, zero};
}
constexpr auto a = int8s(-128, -50, 0, 1, 99, 127);
constexpr std::int8_t b[] = {127, -30, 5, -100, 2, 127};
constexpr Shape six{2, 3, 1};

constexpr Constant constants[] = {operand(b)};
constexpr Parameters params[] = {{.output = {0.1f, -5}},
                                 {.constants = constants, .output = {0.08f, 3}}};
template <class L, const auto& p = params> using Of = Model<Sequential<L>, six, p>;

TEST_CASE("Pow: signs, zeros and infinities as C has them") {
  using graven::core::scalar_isa::Power;
  constexpr float endless = std::numeric_limits<float>::infinity();
  static_assert(Power::of(-2.0f, 3.0f) < 0 && Power::of(-2.0f, 2.0f) > 0);
  static_assert(Power::of(-2.0f, 0.5f) != Power::of(-2.0f, 0.5f));
  static_assert(Power::of(0.0f, 2.0f) == 0 && Power::of(0.0f, -1.0f) == endless);
  static_assert(Power::of(0.0f, 0.0f) == 1 && Power::of(-1.0f, endless) == 1);
  static_assert(Power::of(0.5f, endless) == 0 && Power::of(1e30f, 2.0f) == endless);
  CHECK(static_cast<double>(Power::of(2.0f, 0.5f)) == doctest::Approx(1.4142135));
  CHECK(static_cast<double>(Power::of(-3.0f, -3.0f)) == doctest::Approx(-1.0 / 27));
}

// The remainder of the compiler is that of the machine, also of quotients beyond 32 bits.
TEST_CASE("FloorMod of quotients that are large") {
  using graven::core::scalar_isa::FloorRemainder;
  constexpr float endless = std::numeric_limits<float>::infinity();
  constexpr float large = FloorRemainder::of(1e20f, 3.0f), tiny = FloorRemainder::of(-7.5f, 1e-9f);
  constexpr float less = FloorRemainder::of(-1.0f, endless);
  volatile float many = 1e20f, some = -7.5f, one = -1.0f;
  CHECK(large == FloorRemainder::of(many, 3.0f));
  CHECK(tiny == FloorRemainder::of(some, 1e-9f));
  CHECK(less == FloorRemainder::of(one, endless));
  static_assert(FloorRemainder::of(1.0f, 0.0f) != FloorRemainder::of(1.0f, 0.0f));
}

TEST_CASE("int8 differences") {
  check_equal<Of<SubConstant<six>>, a, int8s(-128, -38, 11, 52, 127, 124)>();
  check_equal<Of<SubConstant<six, relu>>, a, int8s(3, 3, 11, 52, 127, 124)>();
  check_equal<Of<ConstantSub<six>>, a, int8s(127, 44, -5, -46, -128, -118)>();
}

constexpr Parameters square[] = {{.output = {0.1f, -5}},
                                 {.constants = constants, .output = {1, -100}}};
TEST_CASE("int8 squares of differences") {
  using M = Of<SquaredDifferenceConstant<six>, square>;
  check_equal<M, a, int8s(127, -89, -100, -85, 13, -6)>();
}

constexpr std::int8_t divisors[] = {11, 12, 9, -100, 50, 10};  // of the zero point at last
constexpr Constant divisor[] = {operand(divisors)};
constexpr Parameters quotient[] = {{.output = {0.1f, -5}},
                                   {.constants = divisor, .output = {0.05f, 3}}};
TEST_CASE("int8 quotients; by zero they are the greatest number") {
  check_equal<Of<DivConstant<six>, quotient>, a, int8s(-128, -128, -128, -1, 127, 127)>();
  check_equal<Of<ConstantDiv<six>, quotient>, a, int8s(3, 2, 2, -107, 5, 3)>();
}

TEST_CASE("int8 with a slope below zero") {
  check_equal<Of<PreluConstant<six>>, a, int8s(-128, 71, 9, 11, 127, 127)>();
}

constexpr float same_scale[] = {0.1f};
constexpr Constant alike[] = {{"operand", b, same_scale, -5}};
constexpr Parameters alike_params[] = {{.output = {0.1f, -5}}, {.constants = alike}};
TEST_CASE("int8 extremes") {
  check_equal<Of<MinimumConstant<six>, alike_params>, a, int8s(-128, -50, 0, -100, 2, 127)>();
  check_equal<Of<MaximumConstant<six>, alike_params>, a, int8s(127, -30, 5, 1, 99, 127)>();
}

TEST_CASE("comparisons of int8 with other scales yield bool") {
  // -12.3, -4.5, 0.5, 0.6, 10.4, 13.2 against 3.51, -1.2, -0.15, -3.3, -0.24, 3.51
  constexpr std::array<bool, 6> less{true, true, false, false, false, false};
  constexpr std::array<bool, 6> not_less{false, false, true, true, true, true};
  constexpr std::array<bool, 6> never{};
  check_equal<Of<LessConstant<six>>, a, less>();
  check_equal<Of<LessEqualConstant<six>>, a, less>();
  check_equal<Of<GreaterConstant<six>>, a, not_less>();
  check_equal<Of<GreaterEqualConstant<six>>, a, not_less>();
  check_equal<Of<EqualConstant<six>>, a, never>();
}

constexpr std::int32_t whole[] = {3, -3, 0, -1, 7, 2147483647};
constexpr Constant whole_constants[] = {{"operand", whole}};
constexpr Parameters whole_params[] = {{.element = Element::int32}, {.constants = whole_constants}};
constexpr std::array<std::int32_t, 6> n{7, 7, 7, -2147483647 - 1, -20, 1};
template <class... T> constexpr std::array<std::int32_t, sizeof...(T)> ints(T... values) {
  return {values...};
}
TEST_CASE("int32 wraps around; by zero it is 0") {
  constexpr std::int32_t least = -2147483647 - 1;
  check_equal<Of<AddConstant<six>, whole_params>, n, ints(10, 4, 7, 2147483647, -13, least)>();
  check_equal<Of<SubConstant<six, relu>, whole_params>, n, ints(4, 10, 7, 0, 0, 0)>();
  check_equal<Of<MulConstant<six, relu6>, whole_params>, n, ints(6, 0, 0, 0, 0, 6)>();
  check_equal<Of<DivConstant<six>, whole_params>, n, ints(2, -2, 0, least, -2, 0)>();
  check_equal<Of<FloorDivConstant<six>, whole_params>, n, ints(2, -3, 0, least, -3, 0)>();
  check_equal<Of<FloorModConstant<six>, whole_params>, n, ints(1, -2, 0, 0, 1, 1)>();
  check_equal<Of<MaximumConstant<six>, whole_params>, n, ints(7, 7, 7, -1, 7, 2147483647)>();
}

constexpr float reals[] = {2, -2, 4};
constexpr Constant real_constants[] = {{"operand", reals}};
constexpr Parameters real_params[] = {{}, {.constants = real_constants}};
TEST_CASE("float32") {
  constexpr Shape three{1, 1, 3};
  auto check = [&]<class L>(const auto& expected) {
    check_near<Model<Sequential<L>, three, real_params>>(floats(-5, 5, 7), expected);
  };
  check.operator()<ConstantSub<three>>(floats(7, -7, -3));
  check.operator()<DivConstant<three, relu>>(floats(0, 0, 1.75f));
  check.operator()<FloorDivConstant<three>>(floats(-3, -3, 1));
  check.operator()<FloorModConstant<three>>(floats(1, -1, 3));
  check.operator()<SquaredDifferenceConstant<three>>(floats(49, 49, 9));
  check.operator()<PreluConstant<three>>(floats(-10, 5, 7));
}

// 1 / 0.1f = 9.99999985 rounds to 10 in float32; TFLM divides in double.
constexpr float tenths[] = {0.1f, 0.1f, 0.3f};
constexpr Constant tenth_constants[] = {{"operand", tenths}};
constexpr Parameters tenth_params[] = {{}, {.constants = tenth_constants}};
TEST_CASE("the floor of a quotient that is not rounded before") {
  constexpr Shape three{1, 1, 3};
  using Net = Sequential<FloorDivConstant<three>>;
  check_equal<Model<Net, three, tenth_params>, floats(1, -1, 3), floats(9, -10, 9)>();
}

constexpr Parameters logic_params[] = {{.element = Element::boolean}, {}, {}, {}};
constexpr std::array<bool, 4> truth{true, false, false, true};
TEST_CASE("logic of what comparisons decide") {
  using Net =
      Graph<Node<LogicalAnd, 0, 0>, Node<NotEqual, 0, 1>, Node<LogicalOr, 0, 2>, Outputs<3>>;
  check_equal<Model<Net, Shape{1, 2, 2}, logic_params>, truth, truth>();
}
