// EXPECT: Trainer: the network must have one input
#include <graven/graven.hpp>
#include <graven/train.hpp>

using namespace graven;

#ifdef GRAVEN_BROKEN
constexpr auto inputs = shapes(Shape{1, 1, 4}, Shape{1, 1, 4});
using Net = Graph<Node<Add, 0, 1>, Node<Dense<4, 2>, 2>, Outputs<3>>;
constexpr std::size_t records = 4;
#else
constexpr Shape inputs{1, 1, 4};
using Net = Graph<Node<Add, 0, 0>, Node<Dense<4, 2>, 1>, Outputs<2>>;
constexpr std::size_t records = 3;
#endif
constexpr Parameters params[records]{};
static_assert(Trainer<Net, inputs, params>::arena_size > 0);
