// EXPECT: TrainPolicy: epsilon, weight decay and the limits of clip must not be negative
#include <graven/graven.hpp>
#include <graven/train.hpp>

using namespace graven;

#ifdef GRAVEN_BROKEN
constexpr TrainPolicy policy{.clip = {.value = -1.0f}};
#else
constexpr TrainPolicy policy{.clip = {.value = 1.0f}};
#endif
constexpr Parameters params[2]{};
using T = Trainer<Dense<4, 2>, Shape{1, 1, 4}, params, policy>;
static_assert(T::arena_size > 0);
