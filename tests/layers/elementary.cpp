// What int8 gives for RSQRT and the rescaled ABS is GetInvSqrtQuantizedMultiplierExp and
// MultiplyByQuantizedMultiplier in Python, independent of this library.
#include "support.hpp"

using namespace test;

constexpr Parameters alike[] = {{.output = {0.1f, -20}}, {}};
constexpr Parameters rescaled[] = {{.output = {0.1f, -20}}, {.output = {0.3f, 7}}};
constexpr auto input = int8s(-128, -31, -21, -20, -19, 0, 127);
template <class L, const auto& params> using Of = Model<Sequential<L>, Shape{1, 7, 1}, params>;

TEST_CASE("int8: Abs") {
  check_equal<Of<Abs, alike>, input, int8s(88, -9, -19, -20, -19, 0, 127)>();
  check_equal<Of<Abs, rescaled>, input, int8s(43, 11, 8, 7, 8, 14, 56)>();
}

constexpr Parameters fine[] = {{.output = {0.1f, -20}}, {.output = {0.05f, -100}}};
TEST_CASE("int8: roots, exponentials and logarithms, and where they are not defined") {
  // sqrt(0.1) = 0.316, sqrt(2) = 1.414, sqrt(14.7) = 3.834: cut off
  check_equal<Of<Sqrt, fine>, input, int8s(-100, -100, -100, -100, -94, -72, -24)>();
  // 1 / sqrt: 3.162, 0.707, 0.261
  check_equal<Of<Rsqrt, fine>, input, int8s(127, 127, 127, 127, -37, -86, -95)>();
  // exp: 0, 0.333, 0.905, 1, 1.105, 7.389
  check_equal<Of<Exp, fine>, input, int8s(-100, -93, -82, -80, -78, 48, 127)>();
  // log: -2.303, 0.693, 2.688
  check_equal<Of<Log, fine>, input, int8s(-128, -128, -128, -128, -128, -86, -46)>();
}

// What LiteRT's kernels give, between `steps` of 0.00025 and of what the record says.
constexpr Parameters of_words{.output = {0.00025f, 0}, .element = Element::int16};
constexpr Parameters roots[] = {of_words, {.output = {0.0002f, 0}}};
constexpr Parameters inverses[] = {of_words, {.output = {0.002f, 0}}};
constexpr Parameters far_inverses[] = {{.output = {1000, 0}, .element = Element::int16},
                                       {.output = {10000, 0}}};
constexpr Parameters logarithms[] = {of_words, {.output = {0.0004f, 0}}};
constexpr Parameters powers[] = {of_words, {.output = {0.05f, 0}}};
using Words = std::array<std::int16_t, 7>;
constexpr Words steps{-32768, -4001, -1, 0, 1, 4001, 32767};
TEST_CASE("int16") {
  check_equal<Of<Sqrt, roots>, steps, Words{0, 0, 0, 0, 79, 5000, 14310}>();
  constexpr Words inverse{32767, 32767, 32767, 32767, 31623, 500, 175};  // TFLM's; a limit below 1
  check_equal<Of<Rsqrt, inverses>, steps, inverse>();
  constexpr Words far_inverse{32767, 32767, 32767, 32767, 0, 0, 0};  // 3e-6 at most
  check_equal<Of<Rsqrt, far_inverses>, steps, far_inverse>();
  constexpr Words logarithm{-32768, -32768, -27642, -27602, -27453, 1, 5258};
  check_equal<Of<Log, logarithms>, steps, logarithm>();
  check_equal<Of<Exp, powers>, steps, Words{0, 8, 20, 20, 20, 55, 32767}>();
}

constexpr Parameters real_params[] = {{}, {}};
template <class L, class In, class Out> void check(const In& x, const Out& y) {
  check_near<Model<Sequential<L>, Shape{1, 5, 1}, real_params>>(x, y);
}
TEST_CASE("float32") {
  const auto x = floats(-2.5, -0.4, 0, 0.5, 1.5);
  check<Abs>(x, floats(2.5, 0.4, 0, 0.5, 1.5));
  check<Neg>(x, floats(2.5, 0.4, 0, -0.5, -1.5));
  check<Square>(x, floats(6.25, 0.16, 0, 0.25, 2.25));
  check<Exp>(x, floats(std::exp(-2.5), std::exp(-0.4f), 1, std::exp(0.5), std::exp(1.5)));
  check<Sin>(x, floats(std::sin(-2.5), std::sin(-0.4f), 0, std::sin(0.5), std::sin(1.5)));
  check<Cos>(x, floats(std::cos(-2.5), std::cos(-0.4f), 1, std::cos(0.5), std::cos(1.5)));
  check<Floor>(x, floats(-3, -1, 0, 0, 1));
  check<Ceil>(x, floats(-2, 0, 0, 1, 2));
  check<Round>(x, floats(-2, 0, 0, 0, 2));
  check<Sign>(x, floats(-1, -1, 0, 1, 1));
  const auto positive = floats(0.01, 0.5, 1, 2, 1e6);
  check<Sqrt>(positive, floats(0.1, std::sqrt(0.5), 1, std::sqrt(2.0), 1000));
  check<Rsqrt>(positive, floats(10, std::sqrt(2.0), 1, std::sqrt(0.5), 0.001));
  check<Log>(positive, floats(std::log(0.01), -std::log(2.0), 0, std::log(2.0), std::log(1e6)));
}
