#include "support.hpp"

using namespace test;

constexpr Parameters params[] = {{.output = {0.05f, -128}}, {}};
constexpr Parameters fine[] = {{.output = {0.02f, -100}}, {}};

TEST_CASE("int8: 6 is a level, or beyond the last one") {
  // 6 / 0.05 = 120 levels above zero; 6 / 0.02 = 300 are more than there are.
  check_equal<Model<Sequential<ReLU6>, Shape{1, 4, 1}, params>, int8s(-128, -9, -8, 127),
              int8s(-128, -9, -8, -8)>();
  check_equal<Model<Sequential<ReLU6>, Shape{1, 4, 1}, fine>, int8s(-128, -101, 0, 127),
              int8s(-100, -100, 0, 127)>();
}
