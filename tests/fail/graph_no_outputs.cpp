// EXPECT: Graph: the last argument must be Outputs<...>, naming the values that leave.
#include <graven/graven.hpp>

using namespace graven;

constexpr Parameters params[] = {{}, {}};
#ifdef GRAVEN_BROKEN
using Network = Graph<Node<ReLU, 0>, Outputs<>>;
#else
using Network = Graph<Node<ReLU, 0>, Outputs<1>>;
#endif

Model<Network, Shape{4, 4, 2}, params> model;
