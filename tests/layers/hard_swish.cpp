#include "support.hpp"

using namespace test;

namespace {

double exact(double x) { return x * std::fmin(std::fmax(x + 3, 0), 6) / 6; }

template <const auto& params> void check_table() {
  using M = Model<Sequential<HardSwish>, Shape{16, 16, 1}, params>;
  static M model;
  auto input = model.input();
  for (int i = 0; i < 256; ++i)
    input[static_cast<std::size_t>(i)] = static_cast<std::int8_t>(i - 128);
  const auto output = model.run();
  const Quant in = M::input_quant(), out = M::output_quant();
  for (int q = -128; q < 128; ++q) {
    const double x = static_cast<double>(in.scale) * (q - in.zero_point);
    const double steps = std::round(exact(x) / static_cast<double>(out.scale)) + out.zero_point;
    CAPTURE(q);
    CHECK(std::abs(output[static_cast<std::size_t>(q + 128)] -
                   std::fmin(std::fmax(steps, -128), 127)) <= 1);
  }
}

constexpr Parameters small[] = {{.output = {0.01f, 5}}, {.output = {0.005f, -100}}};
constexpr Parameters medium[] = {{.output = {0.05f, -17}}, {.output = {0.03f, -115}}};
constexpr Parameters wide[] = {{.output = {0.5f, 0}}, {.output = {0.3f, 7}}};

}  // namespace

TEST_CASE("int8: within one level of the real function") {
  check_table<small>();
  check_table<medium>();
  check_table<wide>();
}

constexpr Parameters real_params[] = {{}, {}};
TEST_CASE("float32") {
  using M = Model<Sequential<HardSwish>, Shape{2, 3, 1}, real_params>;
  const auto x = floats(-20, -3, -0.25, 0, 0.5, 30);
  check_near<M>(x, floats(0, 0, exact(-0.25), 0, exact(0.5), 30));
}
