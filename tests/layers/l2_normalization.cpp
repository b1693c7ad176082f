#include "support.hpp"

using namespace test;

constexpr Parameters real[] = {{}, {}};
TEST_CASE("float32: pixels of length 1, or nothing") {
  using M = Model<Sequential<L2Normalization>, Shape{1, 3, 2}, real>;
  check_near<M>(floats(3, 4, 0, 0, 0, -5), floats(0.6, 0.8, 0, 0, 0, -1));
}

constexpr Parameters params[] = {{.output = {0.5f, 10}}, {}};
TEST_CASE("int8: in 1/128, whatever the input's scale") {
  using M = Model<Sequential<L2Normalization>, Shape{1, 4, 2}, params>;
  // 0.6 * 128 = 77, 0.8 * 128 = 102
  check_equal<M, int8s(13, 14, 10, 10, 10, 9, 10, 127), int8s(77, 102, 0, 0, 0, -128, 0, 127)>();
}
