// EXPECT: Trainer: the network must have one output
#include <graven/graven.hpp>
#include <graven/train.hpp>

using namespace graven;

#ifdef GRAVEN_BROKEN
using Net = Graph<Node<Dense<4, 2>, 0>, Outputs<1, 1>>;
#else
using Net = Graph<Node<Dense<4, 2>, 0>, Outputs<1>>;
#endif
constexpr Parameters params[2]{};
static_assert(Trainer<Net, Shape{1, 1, 4}, params>::arena_size > 0);
