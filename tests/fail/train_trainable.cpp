// EXPECT: Trainable: this layer has no weights that can learn
#include <graven/graven.hpp>
#include <graven/train.hpp>

using namespace graven;

#ifdef GRAVEN_BROKEN
using Middle = Trainable<Tanh>;
#else
using Middle = Tanh;
#endif
constexpr Parameters params[4]{};
using Net = Sequential<TrainableDense<4, 4>, Middle, TrainableDense<4, 2>>;
static_assert(Trainer<Net, Shape{1, 1, 4}, params>::arena_size > 0);
