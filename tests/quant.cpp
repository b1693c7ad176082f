// Expected values: tests of TFLite's own formulas, worked out with frexp and 64-bit integers.
#include <graven/quant.hpp>

#include <doctest/doctest.h>

#include <cmath>

using namespace graven;

using namespace graven::core;

// quantization_util.cc: q = round(frexp(x) * 2^31); shift below -31 gives 0.
static_assert(quantize_multiplier(0.5) == Multiplier{1073741824, 0});
static_assert(quantize_multiplier(1.0) == Multiplier{1073741824, 1});
static_assert(quantize_multiplier(1.0 / 3) == Multiplier{1431655765, -1});
static_assert(quantize_multiplier(0.1) == Multiplier{1717986918, -3});
static_assert(quantize_multiplier(0.0003) == Multiplier{1319413953, -11});
static_assert(quantize_multiplier(123456.789) == Multiplier{2022716031, 17});
static_assert(quantize_multiplier(1.0 - 1.0 / (1ull << 33)) == Multiplier{1073741824, 1});
static_assert(quantize_multiplier(1.0 / (1ull << 32)) == Multiplier{1073741824, -31});
static_assert(quantize_multiplier(1.0 / (1ull << 33)) == Multiplier{});
static_assert(quantize_multiplier(0) == Multiplier{} && quantize_multiplier(-1) == Multiplier{});

// MultiplyByQuantizedMultiplier: SaturatingRoundingDoublingHighMul, then RoundingDivideByPOT.
struct Requantized {
  std::int32_t acc;
  Multiplier multiplier;
  std::int32_t expected;
};
constexpr Requantized corners[] = {
    {1, {1073741824, 0}, 1},   // 0.5 goes up
    {-1, {1073741824, 0}, 0},  // and -0.5 as well: the high multiply
    {3, {1073741824, 0}, 2},
    {-3, {1073741824, 0}, -1},
    {-5, {1073741824, -1}, -1},  // twice rounded: -2.5 -> -2, -1.0
    {-6, {1073741824, -1}, -2},  // -1.5 goes away from zero: the shift
    {6, {1073741824, -1}, 2},
    {10, {1073741824, -2}, 1},
    {-10, {1073741824, -2}, -1},
    {8, {1073741824, -3}, 1},
    {24, {1073741824, -3}, 2},
    {-8, {1073741824, -3}, -1},
    {-24, {1073741824, -3}, -2},
    {12345, {1717986918, -3}, 1235},
    {-12345, {1717986918, -3}, -1235},
    {2147483647, {2147483647, 0}, 2147483646},
    {-2147483647 - 1, {2147483647, 0}, -2147483647},
    {-2147483647 - 1, {1073741824, 0}, -1073741824},
    {1000, {1431655765, 3}, 5333},  // shifts left first
    {-1000, {1431655765, 3}, -5333},
    {1073741824, {1073741824, 2}, 0},  // and wraps, as the reference does
    {2147483647, {1073741824, -31}, 1},
    {-2147483647 - 1, {2147483647, -31}, -1},
    {77, {1073741825, -7}, 0},
    {1048576, {1518500250, -11}, 362},
    {-1048576, {1518500250, -11}, -362},
};
static_assert([] {
  for (const Requantized& c : corners)
    if (requantize(c.acc, c.multiplier) != c.expected) return false;
  return true;
}());

static_assert(clamp(5, {-3, 4}) == 4 && clamp(-5, {-3, 4}) == -3 && clamp(0, {-3, 4}) == 0);

constexpr bool spans(Clamp c, int low, int high) { return c.low == low && c.high == high; }
constexpr Quant tenth{0.1f, -20};
static_assert(spans(activation_range(none, tenth, Element::int8), -128, 127));
static_assert(spans(activation_range(relu, tenth, Element::int8), -20, 127));
static_assert(spans(activation_range(relu6, tenth, Element::int8), -20, 40));
static_assert(spans(activation_range(relu_n1_to_1, tenth, Element::int8), -30, -10));
static_assert(spans(activation_range(relu6, {0.01f, 0}, Element::int8), 0, 127));
static_assert(spans(activation_range(relu6, {1e-9f, 5}, Element::int8), 5, 127));
static_assert(spans(activation_range(relu, {0.1f, 200}, Element::uint8), 200, 255));
static_assert(spans(activation_range(none, {0.1f, 0}, Element::int16), -32768, 32767));

// AffineQuantize: round(x / scale) half away from zero, in float; saturating.
constexpr Quant q{0.1f, -5};
static_assert(quantize(0, q) == -5 && quantize(0.05f, q) == -4 && quantize(-0.05f, q) == -6);
static_assert(quantize(0.149f, q) == -4 && quantize(-0.25f, q) == -8 && quantize(3.14f, q) == 26);
static_assert(quantize(100, q) == 127 && quantize(-100, q) == -128);
static_assert(quantize(1e30f, q) == 127 && quantize(-1e30f, q) == -128);
static_assert(dequantize(15, q) == 0.1f * 20 && dequantize(-128, q) == 0.1f * -123);

TEST_CASE("quantize_multiplier equals frexp") {
  std::uint32_t state = 1;
  for (int i = 0; i < 20000; ++i) {
    state = state * 1664525 + 1013904223;
    const double real = std::ldexp(1 + static_cast<double>(state) / 4294967296.0,
                                   static_cast<int>(state % 60) - 32);
    int exponent = 0;
    auto fraction =
        static_cast<std::int64_t>(std::floor(std::frexp(real, &exponent) * 2147483648.0 + 0.5));
    if (fraction == 2147483648) {
      fraction /= 2;
      ++exponent;
    }
    const bool vanishes = exponent < -31;
    CAPTURE(real);
    CHECK(quantize_multiplier(real).multiplier == (vanishes ? 0 : fraction));
    CHECK(quantize_multiplier(real).shift == (vanishes ? 0 : exponent));
  }
}

TEST_CASE("the high multiply truncates towards zero after the nudge, as gemmlowp writes it") {
  std::uint32_t state = 7;
  auto next = [&] { return static_cast<std::int32_t>(state = state * 1664525 + 1013904223); };
  for (int i = 0; i < 20000; ++i) {
    const std::int32_t a = next() >> (i % 31), b = next() & 0x7fffffff;
    const std::int64_t product = std::int64_t{a} * b;
    const std::int64_t nudge = product >= 0 ? 1 << 30 : 1 - (1 << 30);
    CHECK(high_multiply(a, b) == (product + nudge) / (std::int64_t{1} << 31));
    const int exponent = i % 32;
    const double real = std::ldexp(static_cast<double>(a), -exponent);
    CHECK(rounding_shift(a, exponent) == static_cast<std::int32_t>(std::round(real)));
  }
}
