// Against the host's library in double, which is precise to more digits than a float has.
#include <graven/floating_point.hpp>

#include <doctest/doctest.h>

#include <bit>
#include <cmath>

namespace fp = graven::core::floating_point;

namespace {

// The distance in units of the last place of a float.
double distance(float got, double expected) {
  if (std::isnan(expected)) return std::isnan(got) ? 0 : 1e9;
  if (std::isinf(static_cast<float>(expected)))
    return got == static_cast<float>(expected) ? 0 : 1e9;
  int exponent = 0;
  static_cast<void>(std::frexp(expected, &exponent));
  const int last = exponent - 24 > -149 ? exponent - 24 : -149;
  return std::fabs(static_cast<double>(got) - expected) / std::ldexp(1, last);
}

template <class Ours, class Theirs>
void check(double low, double high, double most, Ours ours, Theirs theirs) {
  for (int i = 0; i <= 20000; ++i) {
    const auto x = static_cast<float>(low + (high - low) * i / 20000);
    const double d = distance(ours(x), theirs(static_cast<double>(x)));
    if (d > most) FAIL_CHECK("at ", x, ": ", d);
  }
}
// From small to large, evenly in the logarithm.
template <class Ours, class Theirs> void check_wide(double most, Ours ours, Theirs theirs) {
  check(
      -44, 38, most, [&](float e) { return ours(std::pow(10.0f, e)); },
      [&](double e) {
        return theirs(static_cast<double>(std::pow(10.0f, static_cast<float>(e))));
      });
}

}  // namespace

TEST_CASE("exp, log, sin, cos, erfc of floats") {
  check(-110, 95, 1.1, fp::exp<float>, [](double x) { return std::exp(x); });
  check(-1, 1, 3.5, fp::expm1<float>, [](double x) { return std::expm1(x); });
  check(-1, 2, 1.1, fp::log<float>, [](double x) { return std::log(x); });
  check_wide(1.1, fp::log<float>, [](double x) { return std::log(x); });
  check(-20, 20, 3, fp::sin, [](double x) { return std::sin(x); });
  check(-20, 20, 3, fp::cos, [](double x) { return std::cos(x); });
  check_wide(3, fp::sin, [](double x) { return std::sin(x); });
  check_wide(3, fp::cos, [](double x) { return std::cos(x); });
  check(-10, 9, 17, fp::erfc<float>, [](double x) { return std::erfc(x); });
}

TEST_CASE("tables of doubles are exact to the last bit of a float") {
  for (int i = -4000; i <= 4000; ++i) {
    const double x = i / 400.0;
    CHECK(fp::exp(x) == doctest::Approx(std::exp(x)).epsilon(1e-15));
    CHECK(fp::erfc(x) == doctest::Approx(std::erfc(x)).epsilon(1e-14));
    CHECK(fp::tanh(x) == doctest::Approx(std::tanh(x)).epsilon(1e-14));
    if (i > 0) CHECK(fp::log(x) == doctest::Approx(std::log(x)).epsilon(1e-15));
    if (i > 0) CHECK(fp::sqrt(x) == doctest::Approx(std::sqrt(x)).epsilon(1e-15));
  }
}

TEST_CASE("the compiler's roots are the core's") {
  constexpr float x[]{1e-44f, 1e-38f, 0.1f, 0.9999999f, 3, 1e10f, 3e38f};
  constexpr float roots[]{fp::sqrt(x[0]), fp::sqrt(x[1]), fp::sqrt(x[2]), fp::sqrt(x[3]),
                          fp::sqrt(x[4]), fp::sqrt(x[5]), fp::sqrt(x[6])};
  for (int i = 0; i < 7; ++i) CHECK(roots[i] == std::sqrt(x[i]));
}

namespace {

constexpr float infinity = fp::infinity<float>, no_number = fp::nan<float>;
static_assert(fp::exp(infinity) == infinity && fp::exp(-infinity) == 0 && fp::exp(no_number) != 0);
static_assert(fp::log(infinity) == infinity && fp::log(0.0f) == -infinity);
static_assert(fp::log(-1.0f) != fp::log(-1.0f) && fp::sin(infinity) != fp::sin(infinity));
static_assert(fp::floor(-0.5f) == -1 && fp::ceil(-0.5f) == 0 && fp::round_to_even(2.5f) == 2);
static_assert(fp::floor(infinity) == infinity && fp::floor(1e30f) == 1e30f);
static_assert(fp::sqrt(2.0f) == 1.41421354f && fp::sqrt(9.0f) == 3 && fp::rsqrt(4.0f) == 0.5f &&
              fp::rsqrt(0.0f) == infinity);
static_assert(std::bit_cast<std::uint32_t>(fp::round_to_even(-0.25f)) == 0x80000000u);

}  // namespace
