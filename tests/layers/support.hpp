// One layer as a model on tiny literals.
#pragma once

#include <graven/graven.hpp>

#include <doctest/doctest.h>

#include <cmath>

namespace test {

using namespace graven;

using namespace graven::core;

template <class... T> constexpr std::array<std::int8_t, sizeof...(T)> int8s(T... values) {
  return {static_cast<std::int8_t>(values)...};
}
template <class... T> constexpr std::array<float, sizeof...(T)> floats(T... values) {
  return {static_cast<float>(values)...};
}

template <class L, At... in> inline constexpr Shape output_of = L::template output<in...>();

// The model's answer to `input` in a constant expression and at run time is `expected`.
template <class M, auto input, auto expected> void check_equal() {
  constexpr auto computed = evaluate<M>(input);
  static_assert(computed == expected);
  static M model;
  const auto output = model.run(input);
  for (std::size_t i = 0; i < expected.size(); ++i) CHECK(output[i] == expected[i]);
}
// For floats, which clang 14 does not take as template arguments.
template <class M, class In, class Out> void check_near(const In& input, const Out& expected) {
  static M model;
  const auto output = model.run(input);
  REQUIRE(output.size() == expected.size());
  for (std::size_t i = 0; i < expected.size(); ++i)
    CHECK(static_cast<double>(output[i]) ==
          doctest::Approx(static_cast<double>(expected[i])).epsilon(1e-5));
}

}  // namespace test
