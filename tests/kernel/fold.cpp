#include <graven/graven.hpp>

#include <doctest/doctest.h>

using namespace graven;

using namespace graven::core;

constexpr std::int8_t filter[] = {1, -2, 3, 100, -128, 127};
constexpr std::int32_t bias[] = {1000, -5};
constexpr float scale[] = {0.5f, 0.25f};
constexpr Parameters params[] = {
    {.output = {0.1f, -3}}, {.filter = filter, .bias = bias, .scale = scale, .output = {0.2f, 0}}};
template <class L, Shape shape>
constexpr auto graph = graph_of<Sequential<L>, std::array{shape}, params, true>;

// -zero_point * sum(filter) is folded in: 1000 + 3 * 2, -5 + 3 * 99.
constexpr auto& dense = graph<Dense<3, 2>, Shape{1, 1, 3}>;
static_assert(fold(dense.view(), dense.values[1], params[1], 0).bias == 1006);
static_assert(fold(dense.view(), dense.values[1], params[1], 1).bias == 292);
static_assert(!fold(dense.view(), dense.values[1], params[1], 1).overflows);
static_assert(fold(dense.view(), dense.values[1], params[1], 1).multiplier ==
              quantize_multiplier(static_cast<double>(0.1f) * 0.25 / static_cast<double>(0.2f)));

// Depthwise filters lie side by side: 1 + 3 - 128, -2 + 100 + 127.
constexpr auto& depthwise = graph<DepthwiseConv2D<2, 1, Extent{3, 1}>, Shape{3, 1, 2}>;
static_assert(fold(depthwise.view(), depthwise.values[1], params[1], 0).bias ==
              1000 + 3 * (1 + 3 - 128));
static_assert(fold(depthwise.view(), depthwise.values[1], params[1], 1).bias ==
              -5 + 3 * (-2 + 100 + 127));
constexpr auto& single = graph<DepthwiseConv2D<1, 2, Extent{3, 1}>, Shape{3, 1, 1}>;
static_assert(fold(single.view(), single.values[1], params[1], 1).bias ==
              -5 + 3 * (-2 + 100 + 127));

// The proof: 127 * 3 and 128 * 2 from the positive and the negative weights of filter 0.
constexpr std::int64_t most = 2147483647;
constexpr bool overflows(std::int64_t first_bias) {
  const std::int32_t biases[] = {static_cast<std::int32_t>(first_bias), 0};
  Parameters p = params[1];
  p.bias.int32 = biases;
  return fold(dense.view(), dense.values[1], p, 0).overflows;
}
// Weights 1, -2, 3 at inputs 127, -128, 127: 127 + 256 + 381; the folded bias adds 6.
static_assert(!overflows(most - 764 - 6) && overflows(most - 764 - 5));
// At -128, 127, -128: -128 - 254 - 384.
static_assert(!overflows(-most - 1 + 766 - 6) && overflows(-most - 1 + 766 - 7));

// int16 weights whose sums leave 32 bits: an error of the user's, not of the compiler's evaluation.
constexpr auto wide = [] {
  std::array<std::int16_t, (1 << 16) + 2> all{};
  for (std::int16_t& w : all) w = -32768;
  return all;
}();
static_assert(extremes_of(wide.data(), 1 << 16, 1).magnitude == std::int64_t{1} << 31);
static_assert(extremes_of(wide.data(), 1 << 15, 2).magnitude == std::int64_t{1} << 30);
static_assert(sum_weights(wide.data(), (1 << 16) + 2, 1) == -32768 * std::int64_t{(1 << 16) + 2});
constexpr bool weighs_too_much(const std::int16_t* w, int taps) {
  Channel c;
  weigh(c, w, FilterLayout{.outputs = 1, .taps = taps}, 0, 0, false, {});
  return c.overflows;
}
static_assert(weighs_too_much(wide.data(), (1 << 16) + 2) && weighs_too_much(wide.data(), 513));
static_assert(!weighs_too_much(wide.data(), 511));
constexpr std::int16_t highest = 32767;
static_assert(weighs_too_much(&highest, 40'000));  // the layout's step is 0: it again and again

TEST_CASE("no input reaches beyond the proven extremes") {
  for (int x = -128; x <= 127; x += 15)
    for (int y = -128; y <= 127; y += 15)
      for (int z = -128; z <= 127; z += 15) {
        const int sum = 1006 + x - 2 * y + 3 * z;
        CHECK(sum <= 1006 + 764);
        CHECK(sum >= 1006 - 766);
      }
}
