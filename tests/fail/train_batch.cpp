// EXPECT: TrainPolicy: batch, the number of samples of a step, must be from 1
#include <graven/graven.hpp>
#include <graven/train.hpp>

using namespace graven;

#ifdef GRAVEN_BROKEN
constexpr TrainPolicy policy{.batch = 0};
#else
constexpr TrainPolicy policy{.batch = 1};
#endif
constexpr Parameters params[2]{};
using T = Trainer<Dense<4, 2>, Shape{1, 1, 4}, params, policy>;
static_assert(T::arena_size > 0);
