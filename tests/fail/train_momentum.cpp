// EXPECT: TrainPolicy: momentum, alpha and the betas of an optimizer must lie in
#include <graven/graven.hpp>
#include <graven/train.hpp>

using namespace graven;

#ifdef GRAVEN_BROKEN
constexpr TrainPolicy policy{.optimizer = optimizer::momentum(0.1f, 9)};
#else
constexpr TrainPolicy policy{.optimizer = optimizer::momentum(0.1f, 0.9f)};
#endif
constexpr Parameters params[2]{};
using T = Trainer<Dense<4, 2>, Shape{1, 1, 4}, params, policy>;
static_assert(T::arena_size > 0);
