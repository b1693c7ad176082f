#include <graven/graven.hpp>

#include <doctest/doctest.h>

#include <string_view>

using namespace graven;

using namespace graven::core;

using Block = Sequential<Conv2D<2, 4, 3, 1, same>, ReLU>;
using Joined = Concat<Block, MaxPool<3, 1, same>, Identity>;
using Summed = Residual<Sequential<Block, Conv2D<4, 2, 1>>, Conv2D<2, 2, 1>>;
using Nested = Sequential<Joined, Sequential<Conv2D<8, 2, 1>, Summed>, Flatten>;

// Layers are counted in reading order, a joint after its branches.
static_assert(detail::count_layers<Joined>() == 4 && detail::count_layers<Summed>() == 5);
static_assert(detail::count_layers<Nested>() == 4 + 1 + 5 + 1);
static_assert(detail::count_layers<Identity>() == 0);
static_assert(detail::output<Joined, At{{6, 5, 2}, 0}>() == Shape{6, 5, 8});
static_assert(detail::output<Nested, At{{6, 5, 2}, 0}>() == Shape{1, 1, 60});
static_assert(detail::output<Nested, At{no_shape, 0}>() == no_shape);
static_assert(std::is_same_v<detail::nth<1, char, int, long>, int>);

using Branching = Graph<Node<Block, 0>, Node<GlobalAvgPool, 1>, Node<Add, 1, 2>, Outputs<3, 2>>;
static_assert(detail::count_layers<Branching>() == 4 && Branching::output_count == 2);
static_assert(detail::output<Branching, At{{6, 5, 2}, 0}>() == Shape{6, 5, 4});

constexpr std::int8_t w1[72] = {}, w2[16] = {}, w3[8] = {}, w4[4] = {};
constexpr float scale[] = {1};
constexpr Parameters params[] = {{.output = {1, 0}},
                                 {.filter = w1, .scale = scale, .name = "first"},
                                 {},
                                 {.name = "pool"},
                                 {.name = "joint"},
                                 {.filter = w2, .scale = scale},
                                 {.filter = w1, .scale = scale},
                                 {},
                                 {.filter = w3, .scale = scale},
                                 {.filter = w4, .scale = scale, .name = "shortcut"},
                                 {.name = "sum"},
                                 {}};
using M = Model<Nested, Shape{6, 5, 2}, params>;

TEST_CASE("every layer gets the record in reading order") {
  const char* ops[] = {"CONV_2D", "RELU",    "MAX_POOL_2D", "CONCATENATION", "CONV_2D", "CONV_2D",
                       "RELU",    "CONV_2D", "CONV_2D",     "ADD",           "RESHAPE"};
  const std::uint64_t macs[] = {30 * 4 * 18, 0,      0,      0, 30 * 16, 30 * 4 * 18,
                                0,           30 * 8, 30 * 4, 0, 0};
  for (std::size_t k = 0; k < 11; ++k) {
    CAPTURE(k);
    CHECK(std::string_view(M::layers[k].op) == ops[k]);
    CHECK(M::layers[k].macs == macs[k]);
    CHECK(M::layers[k].index == static_cast<int>(k));
    CHECK((M::layers[k].weight_size > 0) == (macs[k] > 0 && k != 5));  // 5 has those of 0
  }
  CHECK(std::string_view(M::layers[0].name) == "first");
  CHECK(std::string_view(M::layers[8].name) == "shortcut");
  CHECK(std::string_view(M::layers[9].name) == "sum");
  CHECK(M::layers[3].shape == Shape{6, 5, 8});
}
