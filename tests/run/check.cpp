// What passes the checks; what does not is in fail/.
#include <graven/graven.hpp>

#include <doctest/doctest.h>

using namespace graven;

using namespace graven::core;

constexpr std::int8_t filter[] = {1, 2};
constexpr std::int32_t bias[] = {1, 2};
constexpr float one_scale[] = {1}, scales[] = {1, 2}, real_filter[] = {1, 2}, real_bias[] = {1, 2};
using Layer = Sequential<Conv2D<1, 2, 1>>;
template <const auto& params, class Network = Layer>
constexpr bool passes = [] {
  return Check<graph_of<Network, std::array{Shape{3, 3, 1}}, params, true>, scalar, params>::passed;
}();

constexpr Parameters full[] = {{.output = {1, 0}},
                               {.filter = filter, .bias = bias, .scale = scales}};
constexpr Parameters least[] = {{.output = {1, -128}}, {.filter = filter, .scale = one_scale}};
constexpr Parameters real[] = {{}, {.filter = real_filter, .bias = real_bias}};
constexpr Parameters real_least[] = {{}, {.filter = real_filter}};
constexpr Parameters bounds[] = {{.output = {1, 127}},
                                 {.filter = filter, .scale = scales, .output = {1e-6f, -128}}};
static_assert(passes<full> && passes<least> && passes<real> && passes<real_least> &&
              passes<bounds>);

// Bytes of every element type may be moved; arithmetic is for int8 and float32.
constexpr Parameters words[] = {{.output = {1, 0}, .element = Element::int16}, {}};
static_assert(passes<words, Sequential<ResizeNearest<2, 2>>>);
static_assert(passes<words, Sequential<Flatten>>);

TEST_CASE("weights are counted apart from tables") {
  using M = Model<Layer, Shape{3, 3, 1}, full>;
  CHECK(M::weight_size >= 2 + 2 * 9);
  CHECK(M::table_size > 0);
  CHECK(Model<Sequential<Flatten>, Shape{3, 3, 1}, words>::weight_size == 0);
}
