#include "support.hpp"

using namespace test;

namespace {

double exact(double x) { return 0.5 * x * std::erfc(-x / std::sqrt(2.0)); }
double approximate(double x) {
  return 0.5 * x * (1 + std::tanh(std::sqrt(2 / std::acos(-1.0)) * (x + 0.044715 * x * x * x)));
}

constexpr Parameters params[] = {{.output = {0.05f, -17}}, {.output = {0.03f, -115}}};

template <class L> void check_table(double (*function)(double)) {
  using M = Model<Sequential<L>, Shape{16, 16, 1}, params>;
  static M model;
  auto input = model.input();
  for (int i = 0; i < 256; ++i)
    input[static_cast<std::size_t>(i)] = static_cast<std::int8_t>(i - 128);
  const auto output = model.run();
  for (int q = -128; q < 128; ++q) {
    const double x = static_cast<double>(0.05f) * (q + 17);
    const double steps = std::round(function(x) / static_cast<double>(0.03f)) - 115;
    CAPTURE(q);
    CHECK(output[static_cast<std::size_t>(q + 128)] == std::fmin(steps, 127));
  }
}

}  // namespace

TEST_CASE("int8: the real function of every level") {
  check_table<GELU>(exact);
  check_table<GELUTanh>(approximate);
}

// What LiteRT's kernel gives.
constexpr Parameters words[] = {{.output = {0.00025f, 0}, .element = Element::int16},
                                {.output = {0.0005f, 0}}};
TEST_CASE("int16") {
  using Words = std::array<std::int16_t, 7>;
  constexpr Shape shape{1, 7, 1};
  constexpr Words x{-32768, -4001, -1, 0, 1, 4001, 32767};
  check_equal<Model<Sequential<GELU>, shape, words>, x, Words{0, -317, 0, 0, 0, 1683, 16384}>();
  check_equal<Model<Sequential<GELUTanh>, shape, words>, x, Words{0, -317, 0, 0, 0, 1682, 16384}>();
}

constexpr Parameters real_params[] = {{}, {}};
TEST_CASE("float32") {
  constexpr Shape shape{2, 3, 1};
  const auto x = floats(-3, -1, -0.25, 0, 0.5, 30);
  check_near<Model<Sequential<GELU>, shape, real_params>>(
      x, floats(exact(-3), exact(-1), exact(-0.25), 0, exact(0.5), 30));
  check_near<Model<Sequential<GELUTanh>, shape, real_params>>(
      x, floats(approximate(-3), approximate(-1), approximate(-0.25), 0, approximate(0.5), 30));
}
