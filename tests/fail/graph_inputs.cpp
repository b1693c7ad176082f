// EXPECT: Network: this layer takes another number of inputs than it gets here.
#include <graven/graven.hpp>

using namespace graven;

constexpr Parameters params[] = {{}, {}};
#ifdef GRAVEN_BROKEN
using Network = Graph<Node<Add, 0>, Outputs<1>>;
#else
using Network = Graph<Node<Add, 0, 0>, Outputs<1>>;
#endif

Model<Network, Shape{4, 4, 2}, params> model;
