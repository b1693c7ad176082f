// EXPECT: Graph: a node reads a value that does not exist yet
#include <graven/graven.hpp>

using namespace graven;

constexpr Parameters params[] = {{}, {}, {}};
#ifdef GRAVEN_BROKEN
constexpr int part = 2;
#else
constexpr int part = 1;
#endif
Model<Graph<Node<Split<Axis::channels, 2>, 0>, Node<ReLU, Out<1, part>>, Outputs<2>>,
      Shape{2, 2, 4}, params>
    model;
