// Fixed-point functions against the real ones, and which kernel an operator gets.
#include <graven/graven.hpp>

#include <doctest/doctest.h>

#include <cmath>

using namespace graven;

using namespace graven::core;

namespace {
double real(std::int32_t q, int fraction) { return std::ldexp(static_cast<double>(q), -fraction); }
constexpr std::int32_t most = std::numeric_limits<std::int32_t>::max();
constexpr std::int32_t least = std::numeric_limits<std::int32_t>::min();
}  // namespace

static_assert(fixed_point::saturating_high_multiply(least, least) == most);
static_assert(fixed_point::saturating_high_multiply(most, most) == most - 1);
static_assert(fixed_point::saturating_shift_left(1 << 30, 2) == most);
static_assert(fixed_point::saturating_shift_left(-(1 << 30), 2) == least);
static_assert(fixed_point::saturating_shift_left(-3, 2) == -12);
static_assert(fixed_point::half_sum(most, most) == most && fixed_point::half_sum(-1, 0) == -1);
static_assert(fixed_point::exp_of_negative<5>(0) == most);
// CalculateInputRadius: (2^5 - 1) * 2^26 / 2^20, (2^4 - 1) * 2^27 / 2^27.
static_assert(fixed_point::input_radius(5, 20) == 1984 && fixed_point::input_radius(4, 27) == 15);
static_assert(scalar_isa::rounded_mean(7, 2) == 4 && scalar_isa::rounded_mean(-7, 2) == -4);
static_assert(scalar_isa::rounded_mean(-1, 3) == 0 && scalar_isa::rounded_mean(0, 5) == 0);

TEST_CASE("the exponential, the reciprocals, logistic and tanh") {
  for (int i = 0; i < 4000; ++i) {
    const std::int32_t x = -i * 536000;  // down to -32 in Q5.26
    CHECK(std::abs(real(fixed_point::exp_of_negative<5>(x), 31) - std::exp(real(x, 26))) < 3e-7);
    const std::int32_t a = i * 536000;
    CHECK(std::abs(real(fixed_point::one_over_one_plus(a), 31) - 1 / (1 + real(a, 31))) < 3e-7);
    const double expected = (1 - real(a, 31)) / (1 + real(a, 31));
    CHECK(std::abs(real(fixed_point::one_minus_over_one_plus(a), 31) - expected) < 3e-7);
    const std::int32_t z = (i - 2000) * 1073000;  // -16 ... 16 in Q4.27
    CHECK(std::abs(real(fixed_point::logistic(z), 31) - 1 / (1 + std::exp(-real(z, 27)))) < 3e-7);
    CHECK(std::abs(real(fixed_point::tanh(z), 31) - std::tanh(real(z, 27))) < 3e-7);
  }
}

namespace {

constexpr Parameters int8_params[] = {{.output = {0.1f, 0}}, {}};
constexpr Parameters real_params[] = {{}, {}};
template <class L, const auto& params, class Kernel, Shape shape = Shape{4, 4, 2}>
constexpr bool gets = [] {
  using K = kernel_of<graph_of<Sequential<L>, std::array{shape}, params, true>, scalar, 1>;
  return std::is_same_v<K, Kernel>;
}();

}  // namespace

using namespace scalar_isa;
static_assert(gets<MaxPool<2>, int8_params, Pool<std::int8_t, Largest<std::int8_t>, false>>);
static_assert(gets<MaxPool<4>, int8_params, Pool<std::int8_t, Largest<std::int8_t>, true>>);
static_assert(gets<MaxPool<2>, real_params, Pool<float, Largest<float>, false>>);
static_assert(gets<AvgPool<Extent{15, 17}>, int8_params,
                   Pool<std::int8_t, Average<std::int8_t, std::int16_t>, false>, Shape{16, 17, 1}>);
static_assert(gets<AvgPool<Extent{16, 17}>, int8_params,
                   Pool<std::int8_t, Average<std::int8_t, std::int32_t>, false>, Shape{17, 17, 1}>);
static_assert(gets<Tanh, int8_params, MapBytes> && gets<Softmax, int8_params, SoftmaxRows<false>>);
static_assert(gets<Tanh, real_params, MapFloat32<Tanh::real<float>>>);
static_assert(
    gets<graven::ArgMax<>, real_params, scalar_isa::ArgExtreme<float, std::int32_t, true>>);
// No kernel: nothing is computed in a type that nobody wrote.
constexpr Parameters longs[] = {{.element = Element::int64}, {}};
constexpr Parameters widened[] = {{.output = {0.1f, 0}}, {.element = Element::int64}};
static_assert(gets<MaxPool<2>, longs, void> && gets<Softmax, widened, void>);
static_assert(gets<graven::ArgMax<>, longs, void> && gets<Dequantize, longs, void>);
