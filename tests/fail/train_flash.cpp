// EXPECT: TrainPolicy: a training step is planned as a whole
#include <graven/graven.hpp>
#include <graven/train.hpp>

using namespace graven;

#ifdef GRAVEN_BROKEN
constexpr TrainPolicy policy{.plan = plan::in_flash(plan::fastest, 1024)};
#else
constexpr TrainPolicy policy{.plan = plan::fastest};
#endif
constexpr Parameters params[2]{};
using T = Trainer<Dense<4, 2>, Shape{1, 1, 4}, params, policy>;
static_assert(T::arena_size > 0);
