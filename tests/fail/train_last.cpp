// EXPECT: TrainPolicy: learns::last<n> needs at least one layer
#include <graven/graven.hpp>
#include <graven/train.hpp>

using namespace graven;

#ifdef GRAVEN_BROKEN
constexpr int layers = 0;
#else
constexpr int layers = 1;
#endif
constexpr Parameters params[2]{};
static_assert(Trainer<Dense<4, 2>, Shape{1, 1, 4}, params,
                      TrainPolicy{.learns = learns::last<layers>}>::array_count == 2);
