#include "graven/shared_arena.hpp"

#include "graven/graven.hpp"

#include <doctest/doctest.h>

#include <array>

using namespace graven;

using namespace graven::core;

namespace {

constexpr std::int8_t twos[4] = {2, 2, 2, 2};
constexpr float one[1] = {1.0f};
constexpr Parameters sum_params[] = {{.output = {1.0f, 0}},
                                     {.filter = twos, .scale = one, .output = {1.0f, 0}}};
using Summing =
    Model<Sequential<Dense<4, 1>>, Shape{1, 1, 4}, sum_params, scalar>;  // the smaller one
constexpr Parameters pool_params[] = {{.output = {1.0f, 0}}, {}};
using Largest = Model<Sequential<MaxPool<8>>, Shape{8, 8, 1}, pool_params>;
using Both = SharedArena<Summing, Largest>;

static_assert(Both::size == Largest::arena_size && Largest::arena_size > Summing::arena_size);
static_assert(sizeof(Both) ==
              (Both::size + Both::alignment - 1) / Both::alignment * Both::alignment);

}  // namespace

TEST_CASE("models take turns in one arena") {
  static Both arena;
  std::array<std::int8_t, 64> image{};
  image[37] = 9;
  const std::array<std::int8_t, 4> vector{1, 2, 3, -4};
  for (int turn = 0; turn < 2; ++turn) {
    auto sum = arena.use<Summing>();
    CHECK(sum.run(vector)[0] == 4);
    auto largest = arena.use<Largest>();
    CHECK(largest.run(image)[0] == 9);
  }
}
