#include "support.hpp"

using namespace test;

namespace {

double exact(double x) { return 1 / (1 + std::exp(-x)); }

template <const auto& params> void check_table() {
  using M = Model<Sequential<Sigmoid>, Shape{16, 16, 1}, params>;
  static_assert(M::output_quant() == Quant{static_cast<float>(1.0 / 256), -128});
  static M model;
  auto input = model.input();
  for (int i = 0; i < 256; ++i)
    input[static_cast<std::size_t>(i)] = static_cast<std::int8_t>(i - 128);
  const auto output = model.run();
  for (int q = -128; q < 128; ++q) {
    const Quant in = M::input_quant();
    const double x = static_cast<double>(in.scale) * (q - in.zero_point);
    double expected = std::round(exact(x) / (1.0 / 256)) + -128;
    expected = expected > 127 ? 127 : expected;
    const int got = output[static_cast<std::size_t>(q + 128)];
    CAPTURE(q);
    CHECK(std::abs(got - expected) <= 1);
    if (q > -128) CHECK(got >= output[static_cast<std::size_t>(q + 127)]);
    if (q == in.zero_point) CHECK(got == expected);
  }
}

constexpr Parameters small[] = {{.output = {0.004f, 5}}, {}};
constexpr Parameters medium[] = {{.output = {0.05f, -17}}, {}};
constexpr Parameters wide[] = {{.output = {0.4f, 0}}, {}};

}  // namespace

TEST_CASE("int8: within one level of the real function, monotonic, exact at zero") {
  check_table<small>();
  check_table<medium>();
  check_table<wide>();
}

constexpr Parameters real_params[] = {{}, {}};
TEST_CASE("float32") {
  using M = Model<Sequential<Sigmoid>, Shape{2, 3, 1}, real_params>;
  const auto x = floats(-20, -1, -0.25, 0, 0.5, 30);
  check_near<M>(x, floats(exact(-20), exact(-1), exact(-0.25), exact(0), exact(0.5), exact(30)));
}
