#include "support.hpp"

using namespace test;

namespace {

// Two experts: the first one doubles what its gate lets through, the second one negates it.
using Net = Graph<Node<MoE<1, 1, 2, 1>, 0, 1>, Outputs<2>>;
using Both = Graph<Node<MoE<1, 1, 2, 2>, 0, 1>, Outputs<2>>;
constexpr float gate[]{1, 1}, up[]{1, 1}, down[]{2, -1};
constexpr Constant constants[]{{"gate", gate}, {"up", up}, {"down", down}};
constexpr Parameters params[]{{}, {}, {.constants = constants}};
constexpr auto inputs = shapes(Shape{1, 3, 1}, Shape{1, 3, 2});

double silu(double x) { return x / (1 + std::exp(-x)); }

template <class N> std::array<double, 3> answers() {
  static Model<N, inputs, params> model;
  const float x[]{1, 2, 3}, router[]{5, 1, 1, 5, 4, 4};
  for (std::size_t i = 0; i < 3; ++i) model.template input<0>()[i] = x[i];
  for (std::size_t i = 0; i < 6; ++i) model.template input<1>()[i] = router[i];
  const auto out = model.run();
  return {static_cast<double>(out[0]), static_cast<double>(out[1]), static_cast<double>(out[2])};
}

}  // namespace

TEST_CASE("a pixel is given to the expert that its router prefers; of equals to the first") {
  const auto out = answers<Net>();
  CHECK(out[0] == doctest::Approx(2 * silu(1)));
  CHECK(out[1] == doctest::Approx(-2 * silu(2)));
  CHECK(out[2] == doctest::Approx(2 * 3 * silu(3)));
}

TEST_CASE("several share it by the softmax of their logits") {
  const auto out = answers<Both>();
  const double share = 1 / (1 + std::exp(-4.0));
  CHECK(out[0] == doctest::Approx((2 * share - (1 - share)) * silu(1)));
  CHECK(out[2] == doctest::Approx(0.5 * 3 * silu(3)));
}

// Only what is chosen counts; the scratch is one expert's.
static_assert(Model<Net, inputs, params>::macs == 3 * 3);
static_assert(Model<Both, inputs, params>::macs == 2 * 3 * 3);
static_assert(Model<Net, inputs, params>::arena_size == Model<Both, inputs, params>::arena_size);

// In steps of 1/16 in, of 1/64 out; weights of int8 and of four bits in steps of 1/4, those of down
// of 1.
constexpr std::int8_t four_gate[]{4, 4}, four_up[]{4, 4}, four_down[]{2, -1};
constexpr float quarter[]{0.25f}, one[]{1};
constexpr Constant bytes[]{
    {"gate", four_gate, quarter}, {"up", four_up, quarter}, {"down", four_down, one}};
constexpr Constant nibbles[]{{"gate", int4(four_gate), quarter},
                             {"up", int4(four_up), quarter},
                             {"down", int4(four_down), one}};
template <const auto& constants, Element element>
constexpr Parameters integers[]{
    {.output = {1.0f / 16, 0}, .element = element},
    {.output = {1.0f / 8, 0}, .element = element},
    {.constants = constants, .output = {1.0f / 8, 0}, .element = element}};

template <const auto& constants, Element element> void check_integers() {
  static Model<Both, inputs, integers<constants, element>> model;
  const int x[]{16, 32, 48}, router[]{40, 8, 8, 40, 32, 32};
  using T = std::remove_cvref_t<decltype(model.template input<0>()[0])>;
  for (std::size_t i = 0; i < 3; ++i) model.template input<0>()[i] = static_cast<T>(x[i]);
  for (std::size_t i = 0; i < 6; ++i) model.template input<1>()[i] = static_cast<T>(router[i]);
  const auto out = model.run();
  const double share = 1 / (1 + std::exp(-4.0));
  CHECK(out[0] == std::lround(8 * (2 * share - (1 - share)) * silu(1)));
  CHECK(out[1] == std::lround(8 * (2 * (1 - share) - share) * silu(2) * 2));
  CHECK(out[2] == std::lround(8 * 0.5 * 3 * silu(3)));
}

TEST_CASE("int8 and int16 activations, int8 and int4 weights") {
  check_integers<bytes, Element::int8>();
  check_integers<nibbles, Element::int8>();
  check_integers<bytes, Element::int16>();
  check_integers<nibbles, Element::int16>();
}
