#include "support.hpp"

using namespace test;

constexpr Parameters params[] = {{.element = Element::boolean}, {}};
TEST_CASE("booleans") {
  using M = Model<Sequential<LogicalNot>, Shape{1, 1, 3}, params>;
  static_assert(evaluate<M>(std::array{true, false, true}) == std::array{false, true, false});
}
