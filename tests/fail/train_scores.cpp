// EXPECT: Trainer: softmax_cross_entropy needs at least two scores
#include <graven/graven.hpp>
#include <graven/train.hpp>

using namespace graven;

#ifdef GRAVEN_BROKEN
using Net = Dense<4, 1>;
#else
using Net = Dense<4, 2>;
#endif
constexpr Parameters params[2]{};
static_assert(Trainer<Net, Shape{1, 1, 4}, params>::arena_size > 0);
