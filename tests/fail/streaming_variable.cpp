// EXPECT: Streaming: this network has Variables, which last from run to run
#include <graven/graven.hpp>

using namespace graven;

constexpr Parameters params[] = {{}, {}, {}};
#ifdef GRAVEN_BROKEN
using Network = Graph<Node<Variable<Shape{4, 1, 2}>>, Node<Add, 0, 1>, Outputs<2>>;
#else
using Network = Graph<Node<ReLU, 0>, Node<Add, 0, 1>, Outputs<2>>;
#endif

Streaming<Network, Shape{4, 1, 2}, params> stream;
