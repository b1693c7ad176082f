// EXPECT: Trainer: no gradient goes back through this layer
#include <graven/graven.hpp>
#include <graven/train.hpp>

using namespace graven;

#ifdef GRAVEN_BROKEN
using Middle = Floor;
#else
using Middle = Tanh;
#endif
constexpr Parameters params[4]{};
using Net = Sequential<Dense<4, 4>, Middle, Dense<4, 2>>;
static_assert(Trainer<Net, Shape{1, 1, 4}, params>::arena_size > 0);
