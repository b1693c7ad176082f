// nano-rust's arithmetic by hand; whole models against its compiled core: test_nano_rust.py.
#include "support.hpp"

using namespace test;

namespace {

// Sums of 10 and -10: times 3 / 4 that is 7.5 and -7.5, rounded down.
constexpr std::int8_t filter[]{1, 2, 3, -1, -2, -3}, bias[]{1, -1};
constexpr Parameters params[]{{.output = {1.0f, 0}}, {.filter = filter, .bias = bias}};

}  // namespace

TEST_CASE("sums are rounded down") {
  using M = Model<Sequential<nano_rust::Dense<3, 2, 3, 2>>, Shape{1, 1, 3}, params>;
  check_equal<M, int8s(1, 0, 3), int8s(8, -9)>();
  static_assert(M::macs == 6);
}

// 100 * 127 is far above int8, and so is what 64 bits lose of it: Dense saturates behind the bias,
// Conv2D before it, too.
constexpr std::int8_t hundred[]{100}, less[]{-50};
constexpr Parameters large[]{{.output = {1.0f, 0}}, {.filter = hundred, .bias = less}};

TEST_CASE("Conv2D saturates twice, Dense once") {
  using Once = Model<Sequential<nano_rust::Dense<1, 1, 1, 6>>, Shape{1, 1, 1}, large>;
  using Twice = Model<Sequential<nano_rust::Conv2D<1, 1, 1, 1, 0, 1, 6>>, Shape{1, 1, 1}, large>;
  check_equal<Once, int8s(127), int8s(127)>();  // 198 - 50
  check_equal<Twice, int8s(127), int8s(77)>();  // 127 - 50
}

TEST_CASE("a product is cut to 32 bits before it saturates") {
  // 12700 * 2^18 leaves 775 << 22, more than 2^31: a negative number.
  using M = Model<Sequential<nano_rust::Dense<1, 1, 1 << 18, 0>>, Shape{1, 1, 1}, large>;
  check_equal<M, int8s(127), int8s(-128)>();
}

constexpr std::int8_t taps[]{1, 2, 3, 4}, nothing[]{0};
constexpr Parameters windows[]{{.output = {1.0f, 0}}, {.filter = taps, .bias = nothing}};

TEST_CASE("windows with a border of zeros") {
  using Conv = nano_rust::Conv2D<1, 1, 2, 2, 1, 1, 0>;
  using M = Model<Sequential<Conv>, Shape{2, 2, 1}, windows>;
  check_equal<M, int8s(1, 2, 3, 5), int8s(4, 6, 6, 5)>();
}

TEST_CASE("the shift without calibration") {
  static_assert(nano_rust::default_shift(1) == 7 && nano_rust::default_shift(9) == 11);
  static_assert(nano_rust::default_shift(128) == 14 && nano_rust::default_shift(784) == 17);
}

TEST_CASE("tables") {
  static_assert(nano_rust::Sigmoid<>::entry(0, {}, {}) == 64);
  static_assert(nano_rust::Sigmoid<>::entry(127, {}, {}) == 127);
  static_assert(nano_rust::Sigmoid<>::entry(-16, {}, {}) == 34);
  static_assert(nano_rust::Tanh<>::entry(-32, {}, {}) == -97);
  static_assert(nano_rust::Tanh<3, 1>::entry(-1, {}, {}) == nano_rust::Tanh<>::entry(-2, {}, {}));
}

TEST_CASE("a ramp stands for softmax") {
  static constexpr Parameters input[]{{.output = {1.0f, 0}}, {}};
  using M = Model<Sequential<nano_rust::Softmax>, Shape{1, 2, 2}, input>;
  check_equal<M, int8s(10, 5, -3, 1), int8s(35, 32, 28, 30)>();
  check_equal<M, int8s(127, -128, 64, 63), int8s(125, 0, 1, 0)>();
}
