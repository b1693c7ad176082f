// EXPECT: Trainer: no plan fits the arena that plan::within allows
#include <graven/graven.hpp>
#include <graven/train.hpp>

using namespace graven;

#ifdef GRAVEN_BROKEN
constexpr TrainPolicy policy{.plan = plan::within<16>};
#else
constexpr TrainPolicy policy{.plan = plan::within<256>};
#endif
constexpr Parameters params[2]{};
using T = Trainer<Dense<4, 2>, Shape{1, 1, 4}, params, policy>;
static_assert(T::arena_size > 0);
