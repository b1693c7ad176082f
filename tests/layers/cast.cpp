#include "support.hpp"

#include <limits>

using namespace test;

constexpr Parameters real_params[] = {{}, {}};
template <class L, const auto& params = real_params>
using Of = Model<Sequential<L>, Shape{1, 2, 3}, params>;

TEST_CASE("float32 is cut off, and goes to the ends") {
  constexpr auto input = floats(-1.9, 0.9, 1.5, 3e9, -3e9, 200);
  constexpr int low = (std::numeric_limits<int>::min)(), high = (std::numeric_limits<int>::max)();
  static_assert(evaluate<Of<Cast<Element::int32>>>(input) == std::array{-1, 0, 1, high, low, 200});
  static_assert(evaluate<Of<Cast<Element::int8>>>(input) == int8s(-1, 0, 1, 127, -128, 127));
  static_assert(evaluate<Of<Cast<Element::int64>>>(input) ==
                std::array<std::int64_t, 6>{-1, 0, 1, 3'000'000'000, -3'000'000'000, 200});
  static_assert(evaluate<Of<Cast<Element::boolean>>>(floats(-1, 0, 0.1, 2, 0, 1)) ==
                std::array{true, false, true, true, false, true});
}

TEST_CASE("NaN is 0") {
  static Of<Cast<Element::int16>> model;
  model.input()[0] = std::numeric_limits<float>::quiet_NaN();
  CHECK(model.run()[0] == 0);
}

constexpr Parameters int8_params[] = {{.output = {0.5f, 3}}, {}};
TEST_CASE("integers are what they are, whatever their scale") {
  using M = Of<Cast<Element::float32>, int8_params>;
  constexpr auto output = evaluate<M>(int8s(-128, -3, 0, 3, 4, 127));
  static_assert(output == floats(-128, -3, 0, 3, 4, 127));
}

constexpr Parameters words[] = {{.element = Element::int32}, {}};
TEST_CASE("what does not fit wraps") {
  constexpr std::array input{0, 127, 128, 256, -129, -1};
  static_assert(evaluate<Of<Cast<Element::int8>, words>>(input) == int8s(0, 127, -128, 0, 127, -1));
}
