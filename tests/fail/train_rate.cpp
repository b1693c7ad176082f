// EXPECT: TrainPolicy: the optimizer's rate must be positive
#include <graven/graven.hpp>
#include <graven/train.hpp>

using namespace graven;

#ifdef GRAVEN_BROKEN
constexpr TrainPolicy policy{.optimizer = optimizer::sgd(-0.1f)};
#else
constexpr TrainPolicy policy{.optimizer = optimizer::sgd(0.1f)};
#endif
constexpr Parameters params[2]{};
using T = Trainer<Dense<4, 2>, Shape{1, 1, 4}, params, policy>;
static_assert(T::arena_size > 0);
