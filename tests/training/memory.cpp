// What the planner makes of training a convolutional network, beside what all tensors at once take.
#include "graven/graven.hpp"
#include "graven/train.hpp"

#include <doctest/doctest.h>

namespace {

using namespace graven;

// 28 x 28 digits: 13,610 weights.
using Net = Sequential<Conv2D<1, 8, 3, 1, valid, relu>, MaxPool<2>, Flatten, Dense<1352, 10>>;
constexpr Parameters params[5]{};
constexpr Shape image{28, 28, 1};
constexpr std::size_t weights = 4 * (9 * 8 + 8 + 1352 * 10 + 10);
// Every activation and, but for the image, its gradient: without those of the weights.
constexpr std::size_t activations = 4 * (26 * 26 * 8 + 1352 + 10);
constexpr std::size_t all_at_once = 4 * 28 * 28 + 2 * activations;

template <Optimizer rule, bool remake>
using T = Trainer<Net, image, params, TrainPolicy{.optimizer = rule, .remake = remake}>;
constexpr Optimizer sgd = optimizer::sgd(0.01f), adam = optimizer::adam();

static_assert(T<sgd, true>::state_size <= weights + 64);
static_assert(T<adam, true>::state_size <= 3 * weights + 64);
static_assert(2 * T<sgd, true>::arena_size < all_at_once);
static_assert(T<sgd, true>::arena_size <= T<sgd, true>::arena_bound + 512);
static_assert(T<sgd, true>::arena_size <= 15 * 1024);
static_assert(T<sgd, false>::arena_size < all_at_once);

TEST_CASE("training all of a convolutional network needs less than half of all tensors") {
  MESSAGE("all tensors at once ", all_at_once, ", kept ", T<sgd, false>::arena_size, ", remade ",
          T<sgd, true>::arena_size, ", bound ", T<sgd, true>::arena_bound, " bytes");
  CHECK(T<sgd, true>::arena_size * 2 < all_at_once);
}

}  // namespace
