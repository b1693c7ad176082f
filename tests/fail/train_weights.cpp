// EXPECT: Trainer: the weights and biases that learn, with what the optimizer keeps of each
#include <graven/graven.hpp>
#include <graven/train.hpp>

using namespace graven;

#ifdef GRAVEN_BROKEN
constexpr TrainPolicy policy{.optimizer = optimizer::adam()};
#else
constexpr TrainPolicy policy{};
#endif
constexpr Parameters params[2]{};
using T = Trainer<Dense<20000, 20000>, Shape{1, 1, 20000}, params, policy>;
static_assert(T::arena_size > 0);
