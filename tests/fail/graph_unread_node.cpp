// EXPECT: MaxPool: the window is larger than the incoming activation.
#include <graven/graven.hpp>

using namespace graven;

constexpr Parameters params[] = {{}, {}, {}};
#ifdef GRAVEN_BROKEN
using Network = Graph<Node<ReLU, 0>, Node<MaxPool<5>, 0>, Outputs<1, 2>>;
#else
using Network = Graph<Node<ReLU, 0>, Node<MaxPool<2>, 0>, Outputs<1, 2>>;
#endif

Model<Network, Shape{4, 4, 2}, params> model;
