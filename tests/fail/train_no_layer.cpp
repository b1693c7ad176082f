// EXPECT: Trainer: no layer of this network can learn
#include <graven/graven.hpp>
#include <graven/train.hpp>

using namespace graven;

#ifdef GRAVEN_BROKEN
using Net = Sequential<Tanh, ReLU>;
constexpr int layers = 2;
#else
using Net = Sequential<Dense<4, 4>, ReLU>;
constexpr int layers = 2;
#endif
constexpr Parameters params[1 + layers]{};
static_assert(Trainer<Net, Shape{1, 1, 4}, params>::arena_size > 0);
