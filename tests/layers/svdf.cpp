#include "support.hpp"

#include <algorithm>

using namespace test;

namespace {

// Two units of rank one over three moments: the sum of the moments, and the difference of the
// newest and the oldest.
using Net = SVDF<2, 1, 3>;
static_assert(output_of<Net, At{{1, 1, 2}, 0}> == Shape{1, 1, 2});

constexpr float filter[]{1, 1, 1, -1}, time_weights[]{1, 1, 1, -1, 0, 1}, bias[]{0, 10}, zero[]{0};
constexpr Constant real[]{{"time", time_weights}, {"state", zero}};
constexpr Parameters params[]{{}, {.filter = filter, .bias = bias, .constants = real}};

// The same in int8: scales of 1, but for the output's.
constexpr std::int8_t filter8[]{1, 1, 1, -1};
constexpr std::int16_t time16[]{1, 1, 1, -1, 0, 1}, zero16[]{0};
constexpr std::int32_t bias32[]{0, 10};
constexpr float one[]{1};
constexpr Constant integers[]{{"time", time16, one}, {"state", zero16, one}};
constexpr Parameters params8[]{
    {.output = {1.0f, 2}},
    {.filter = filter8, .bias = bias32, .scale = one, .constants = integers, .output = {2.0f, -1}}};

}  // namespace

TEST_CASE("float32: sums over time") {
  using M = Model<Net, Shape{1, 1, 2}, params>;
  static_assert(M::has_state && M::macs == 2 * (2 + 3));
  static M model;
  const float in[4][2]{{1, 2}, {3, 4}, {5, 7}, {1, 0}},
      out[4][2]{{3, 9}, {10, 9}, {22, 9}, {20, 12}};
  for (int reset = 0; reset < 2; ++reset) {
    for (std::size_t t = 0; t < 4; ++t) {
      const auto found = model.run(in[t]);
      CHECK(std::equal(found.begin(), found.end(), out[t]));
    }
    model.reset();
  }
}

TEST_CASE("int8: features and sums are rounded") {
  static Model<Net, Shape{1, 1, 2}, params8> model;
  // Sums as above, halved, half away from zero, less one.
  const std::int8_t in[4][2]{{3, 4}, {5, 6}, {7, 9}, {3, 2}},
      out[4][2]{{1, 4}, {4, 4}, {10, 4}, {9, 5}};
  for (std::size_t t = 0; t < 4; ++t) {
    const auto found = model.run(in[t]);
    CHECK(std::equal(found.begin(), found.end(), out[t]));
  }
}
