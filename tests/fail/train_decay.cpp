// EXPECT: weight decay and the limits of clip must not be negative, and finite; 0 is none.
#include <graven/graven.hpp>
#include <graven/train.hpp>

using namespace graven;

#ifdef GRAVEN_BROKEN
constexpr float decay = __builtin_inff();
#else
constexpr float decay = 0.01f;
#endif
constexpr Parameters params[2]{};
constexpr TrainPolicy policy{.optimizer = optimizer::sgd(0.1f, decay)};
using T = Trainer<Dense<4, 2>, Shape{1, 1, 4}, params, policy>;
static_assert(T::arena_size > 0);
