// Rescaled values: MultiplyByQuantizedMultiplier in Python, independent of this library.
#include "support.hpp"

using namespace test;

constexpr Parameters params[] = {{.output = {0.1f, -20}}, {}};
constexpr auto input = int8s(-128, -31, -30, -21, -20, 0, 39, 41, 127);
template <class L> using Of = Model<Sequential<L>, Shape{3, 3, 1}, params>;

TEST_CASE("int8: clamps at the quantized bounds") {
  check_equal<Of<ReLU>, input, int8s(-20, -20, -20, -20, -20, 0, 39, 41, 127)>();
  check_equal<Of<ReLU6>, input, int8s(-20, -20, -20, -20, -20, 0, 39, 40, 40)>();
  check_equal<Of<ReLUN1To1>, input, int8s(-30, -30, -30, -21, -20, -10, -10, -10, -10)>();
}

constexpr Parameters rescaled[] = {{.output = {0.1f, -5}}, {.output = {0.3f, 20}}};
TEST_CASE("int8 with another output quantization") {
  using M = Model<Sequential<ReLU>, Shape{1, 7, 1}, rescaled>;
  check_equal<M, int8s(-128, -5, -4, -3, 0, 1, 127), int8s(20, 20, 21, 21, 22, 22, 64)>();
}

constexpr Parameters real_params[] = {{}, {}};
TEST_CASE("float32") {
  constexpr Shape shape{2, 2, 1};
  const auto x = floats(-2.5, -0.5, 0.5, 7);
  check_near<Model<Sequential<ReLU>, shape, real_params>>(x, floats(0, 0, 0.5, 7));
  check_near<Model<Sequential<ReLU6>, shape, real_params>>(x, floats(0, 0, 0.5, 6));
  check_near<Model<Sequential<ReLUN1To1>, shape, real_params>>(x, floats(-1, -0.5, 0.5, 1));
}

constexpr Parameters chain[] = {{.output = {0.1f, -20}}, {}, {}};
TEST_CASE("behind a layer that clamps it costs nothing, elsewhere a table") {
  using Fused = Model<Sequential<MaxPool<1>, ReLU6>, Shape{3, 3, 1}, chain>;
  using Apart = Model<Sequential<MaxPool<1>, ReLU6>, Shape{3, 3, 1}, chain, scalar,
                      plan::Policy{.fuse = false}>;
  check_equal<Fused, input, int8s(-20, -20, -20, -20, -20, 0, 39, 40, 40)>();
  check_equal<Apart, input, int8s(-20, -20, -20, -20, -20, 0, 39, 40, 40)>();
  CHECK(Apart::step_count == Fused::step_count + 3);
  CHECK(Apart::table_size >= Fused::table_size + 256);
}
