#include "support.hpp"

using namespace test;

constexpr Parameters params[] = {{.output = {0.1f, -20}}, {.output = {0.05f, -50}}};
TEST_CASE("int8: the real function of every level") {
  using M = Model<Sequential<ELU>, Shape{1, 6, 1}, params>;
  // exp(-10.8) - 1 and exp(-0.1) - 1 in steps of 0.05, and what lies above 0 twice as high
  check_equal<M, int8s(-128, -21, -20, -19, 0, 127), int8s(-70, -52, -50, -48, -10, 127)>();
}

constexpr Parameters real_params[] = {{}, {}};
TEST_CASE("float32, precise near 0") {
  using M = Model<Sequential<ELU>, Shape{2, 3, 1}, real_params>;
  check_near<M>(floats(-20, -1, -1e-5, 0, 0.5, 30),
                floats(std::expm1(-20), std::expm1(-1), std::expm1(-1e-5), 0, 0.5, 30));
}
