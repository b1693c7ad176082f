// Decision trees by hand; what libraries have trained: test_trees.py.
#include "support.hpp"

#include <limits>

using namespace test;

namespace {

// The first tree: x[0] <= 1 ? (x[1] <= -2 ? a : b) : c. The second: x[1] <= 3 ? b : a, and NaN goes
// to the left.
constexpr std::int16_t features[]{0, 1, 1 | missing_left};
constexpr std::int16_t children[]{1, -3, -1, -2, -2, -1};
constexpr std::int32_t roots[]{0, 2};
constexpr float thresholds[]{1, -2, 3};
constexpr std::int64_t zeros[]{0, 0}, half[]{0x3fe0000000000000};
constexpr float not_a_number = std::numeric_limits<float>::quiet_NaN();

// One number per leaf: a = 10, b = 20, c = 40.
constexpr float leaves[]{10, 20, 40};
template <const auto& base, const auto& values, const auto& limits>
constexpr Constant constants[]{{"features", features}, {"thresholds", limits},
                               {"children", children}, {"roots", roots},
                               {"leaves", values},     {"base", base}};
constexpr Parameters boosted[]{{}, {.constants = constants<half, leaves, thresholds>}};

}  // namespace

TEST_CASE("boosted trees are summed") {
  using M = Model<Sequential<Trees<1, 2, 3, 3>>, Shape{1, 1, 2}, boosted>;
  static_assert(evaluate<M>(floats(1, -2))[0] == 30.5f);  // at a threshold: to the left
  static_assert(evaluate<M>(floats(1, 0))[0] == 40.5f);
  static M model;
  CHECK(model.run(floats(2, 4))[0] == 50.5f);
  CHECK(model.run(floats(not_a_number, not_a_number))[0] == 60.5f);
}

TEST_CASE("trees take the outputs in turn") {
  static constexpr Parameters params[]{{}, {.constants = constants<zeros, leaves, thresholds>}};
  using Net = Sequential<Trees<2, 2, 3, 3, 1, TreeSum::float64>>;
  static Model<Net, Shape{1, 1, 2}, params> model;
  const auto out = model.run(floats(5, 5));
  CHECK(out[0] == 40.0f);
  CHECK(out[1] == 10.0f);
}

// Two votes of a third and two thirds, as doubles, in one of which the second class is ahead by a
// few of the last bits.
constexpr std::int64_t votes[]{
    0x3fe0000000000000, 0x3fe0000000000004, 0x3fe0000000000000, 0x3fe0000000000000, 0,
    0x3ff0000000000000};

TEST_CASE("the mean of votes, and its winner, which float32 alone would not show") {
  static constexpr Parameters params[]{{}, {.constants = constants<zeros, votes, thresholds>}};
  using Net = Sequential<Trees<2, 2, 3, 3, 2, TreeSum::mean, Element::int64>>;
  static Model<Net, Shape{1, 1, 2}, params> model;
  const auto close = model.run(floats(0, -5));  // leaves a and b
  CHECK(close[0] == 0.5f);
  CHECK(close[1] > close[0]);
  const auto even = model.run(floats(0, 1));  // b and b
  CHECK(even[0] == even[1]);
  const auto clear = model.run(floats(5, 1));  // c and b
  CHECK(clear[0] == 0.25f);
  CHECK(clear[1] == 0.75f);
}

constexpr std::int8_t limits8[]{1, -2, 3};
constexpr std::int16_t limits16[]{1, -2, 3};

TEST_CASE("integers are compared as they are") {
  static constexpr Parameters bytes[]{{.output = {0.1f, 5}},
                                      {.constants = constants<half, leaves, limits8>}};
  static constexpr Parameters words[]{{.output = {0.1f, 0}, .element = Element::int16},
                                      {.constants = constants<half, leaves, limits16>}};
  using Net = Sequential<Trees<1, 2, 3, 3>>;
  static Model<Net, Shape{1, 2, 1}, bytes> of_bytes;
  CHECK(of_bytes.run(int8s(1, -2))[0] == 30.5f);
  CHECK(of_bytes.run(int8s(2, 4))[0] == 50.5f);
  static Model<Net, Shape{1, 1, 2}, words> of_words;
  CHECK(of_words.run(std::array<std::int16_t, 2>{1, -1})[0] == 40.5f);
}
