#include "support.hpp"

using namespace test;

namespace {
constexpr Parameters real[]{{}, {}};
constexpr Parameters bytes[]{{.output = {0.0625f, 0}}, {.output = {0.03125f, -100}}};
}  // namespace

TEST_CASE("x times its logistic function") {
  check_near<Model<Sequential<SiLU>, Shape{1, 1, 4}, real>>(
      floats(0, 1, -2, 100), floats(0, 0.731058579, -0.238405844, 100));
  check_near<Model<Sequential<SiLU>, Shape{1, 1, 1}, real>>(floats(-200), floats(0));
}

TEST_CASE("int8: a table") {
  check_equal<Model<Sequential<SiLU>, Shape{1, 1, 4}, bytes>, int8s(0, 16, -32, 127),
              int8s(-100, -77, -108, 127)>();
}
