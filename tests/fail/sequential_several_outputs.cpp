// EXPECT: Network: this layer has several outputs
#include <graven/graven.hpp>

using namespace graven;

constexpr Parameters params[] = {{}, {}};
#ifdef GRAVEN_BROKEN
using Network = Sequential<Split<Axis::channels, 2>>;
#else
using Network = Graph<Node<Split<Axis::channels, 2>, 0>, Outputs<Out<1, 0>>>;
#endif
Model<Network, Shape{2, 2, 4}, params> model;
