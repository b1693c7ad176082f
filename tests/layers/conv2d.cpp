// int8 values: MultiplyByQuantizedMultiplier in Python, independent of this library.
#include "support.hpp"

using namespace test;

template <Extent filter, Stride stride = 1, Padding padding = valid, Activation activation = none,
          Dilation dilation = 1>
using Two = Conv2D<1, 2, filter, stride, padding, activation, dilation>;

static_assert(output_of<Two<3>, At{{28, 28, 1}, 0}> == Shape{26, 26, 2});
static_assert(output_of<Two<3, 2, same>, At{{7, 8, 1}, 0}> == Shape{4, 4, 2});
static_assert(output_of<Two<Extent{3, 1}, Extent{1, 2}>, At{{7, 8, 1}, 0}> == Shape{5, 4, 2});
static_assert(output_of<Two<3, 1, valid, none, 2>, At{{7, 8, 1}, 0}> == Shape{3, 4, 2});
static_assert(output_of<Two<3, 1, same, none, 4>, At{{2, 2, 1}, 0}> == Shape{2, 2, 2});

constexpr std::int8_t filter[] = {1, 2, 3, 4, -4, 3, -2, 1};
constexpr std::int32_t bias[] = {5, -300};
constexpr float scale[] = {0.02f, 0.005f};
constexpr Parameters params[] = {
    {.output = {0.5f, -3}}, {.filter = filter, .bias = bias, .scale = scale, .output = {0.25f, 7}}};
constexpr auto input = int8s(10, -20, 30, 40, -50, 60, 70, 80, -90);
template <class L> using Of = Model<Sequential<L>, Shape{3, 3, 1}, params>;

constexpr std::int8_t odd[] = {1, -2, 3, -4, 5, -6, 7, -8, 9};
constexpr float odd_scale[] = {0.01f};
constexpr Parameters odd_params[] = {{.output = {0.5f, -3}},
                                     {.filter = odd, .scale = odd_scale, .output = {0.25f, 7}}};
template <class L> using OddOf = Model<Sequential<L>, Shape{3, 3, 1}, odd_params>;

TEST_CASE("int8") {
  check_equal<Of<Two<2>>, input, int8s(4, 2, 14, 7, 27, 0, 6, 5)>();
  check_equal<Of<Two<2, 1, valid, relu>>, input, int8s(7, 7, 14, 7, 27, 7, 7, 7)>();
  check_equal<Of<Two<2, 2, same>>, input, int8s(4, 2, 16, 1, 17, 4, 4, 7)>();
  check_equal<OddOf<Conv2D<1, 1, 3, 1, same>>, input, int8s(-5, 25, -5, 19, -25, 41, 0, 26, -12)>();
  check_equal<OddOf<Conv2D<1, 1, 3, 1, same, none, 2>>, input,
              int8s(-23, -8, 33, 4, 2, 10, 26, 16, -9)>();
}

constexpr float real_filter[] = {1, 2, 3, 4, -1, 0, 0, 1};
constexpr float real_bias[] = {0.5f, 0};
constexpr Parameters real_params[] = {{}, {.filter = real_filter, .bias = real_bias}};

TEST_CASE("float32") {
  using M = Model<Sequential<Two<2>>, Shape{2, 3, 1}, real_params>;
  // 1 * 1 + 2 * 2 + 3 * 4 + 4 * 5 + 0.5;  -1 + 5
  check_near<M>(floats(1, 2, 3, 4, 5, 6), floats(37.5, 4, 47.5, 4));
  using Clamped = Model<Sequential<Two<2, 1, same, relu6>>, Shape{1, 1, 1}, real_params>;
  check_near<Clamped>(floats(-1), floats(0, 1));
  check_near<Clamped>(floats(100), floats(6, 0));
}

constexpr Parameters hybrid[] = {{}, {.filter = filter, .bias = real_bias, .scale = scale}};

TEST_CASE("float32 with int8 weights") {
  using M = Model<Sequential<Two<2>>, Shape{2, 3, 1}, hybrid>;
  // (1 + 4 + 12 + 20) / 50 + 0.5;  (-4 + 6 - 8 + 5) / 200
  check_near<M>(floats(1, 2, 3, 4, 5, 6), floats(1.24, -0.005, 1.44, -0.015));
}

TEST_CASE("multiply-accumulates and weights are counted") {
  CHECK(Of<Two<2>>::macs == 2 * 2 * 2 * 4);
  using Scalar = Model<Sequential<Two<2>>, Shape{3, 3, 1}, params, graven::scalar>;
  CHECK(Scalar::weight_size >= 8 + 2 * 9);  // filters; bias, multiplier, shift
  CHECK(Scalar::weight_size <= 8 + 2 * 9 + 4);
}

// Channels {0, 1} make output 0, channels {2, 3} output 1.
using Grouped = Conv2D<4, 2, Filter{1, 2}, 1, valid, none, 1, 2>;
static_assert(output_of<Grouped, At{{1, 3, 4}, 0}> == Shape{1, 2, 2});

TEST_CASE("groups") {
  using Real = Model<Sequential<Grouped>, Shape{1, 2, 4}, real_params>;
  // 1 * 1 + 2 * 2 + 3 * 5 + 4 * 6 + 0.5;  -3 + 8
  check_near<Real>(floats(1, 2, 3, 4, 5, 6, 7, 8), floats(44.5, 5));
  CHECK(Real::macs == 2 * 4);
  // One pixel at a time, the sums of the same weights as a convolution over each half.
  static constexpr std::int8_t halves[] = {3, -1, 2, 5};
  static constexpr float halves_scale[] = {0.02f, 0.005f};
  static constexpr Parameters grouped[] = {
      {.output = {0.5f, -3}}, {.filter = halves, .scale = halves_scale, .output = {0.05f, 7}}};
  using Int = Model<Sequential<Conv2D<4, 2, 1, 1, valid, none, 1, 2>>, Shape{1, 1, 4}, grouped>;
  // (3 * 13 - 1 * 23) / 5 + 7 = 10.2;  (2 * 33 + 5 * 43) / 20 + 7 = 21.05
  check_equal<Int, int8s(10, 20, 30, 40), int8s(10, 21)>();
}
