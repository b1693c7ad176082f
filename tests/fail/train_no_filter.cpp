// EXPECT: Trainer: this layer does not learn, so its record needs a filter
#include <graven/graven.hpp>
#include <graven/train.hpp>

using namespace graven;

#ifdef GRAVEN_BROKEN
constexpr TrainPolicy policy{.learns = learns::head};
#else
constexpr TrainPolicy policy{.learns = learns::last<2>};
#endif
constexpr Parameters params[3]{};
static_assert(
    Trainer<Sequential<Dense<4, 4>, Dense<4, 2>>, Shape{1, 1, 4}, params, policy>::arena_size > 0);
