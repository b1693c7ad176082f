#include "support.hpp"

#include <array>

using namespace test;

namespace {

constexpr std::int8_t ends[]{1, 2};
constexpr float scale[]{0.5f};
constexpr Constant record[]{{"value", ends, scale, 3}};
constexpr Parameters params[]{{.output = {0.5f, 3}}, {.constants = record}, {}};

using Net = Graph<Node<Literal<Shape{1, 1, 2}>>, Node<Concatenate<>, 1, 0>, Outputs<2, 1>>;
using M = Model<Net, Shape{1, 1, 3}, params>;
static_assert(M::output_quant(1) == Quant{0.5f, 3});

}  // namespace

TEST_CASE("a constant is joined, and an output") {
  static M model;
  model.run(std::array<std::int8_t, 3>{5, 6, 7});
  const std::array<int, 5> joined{1, 2, 5, 6, 7};
  const auto first = model.output<0>();
  const auto second = model.output<1>();
  for (std::size_t i = 0; i < joined.size(); ++i) CHECK(first[i] == joined[i]);
  CHECK(second[0] == 1);
  CHECK(second[1] == 2);
}
