// EXPECT: Graph: Outputs names a value that does not exist;
#include <graven/graven.hpp>

using namespace graven;

constexpr Parameters params[] = {{}, {}};
#ifdef GRAVEN_BROKEN
using Network = Graph<Node<ReLU, 0>, Outputs<2>>;
#else
using Network = Graph<Node<ReLU, 0>, Outputs<1>>;
#endif

Model<Network, Shape{2, 4, 1}, params> model;
