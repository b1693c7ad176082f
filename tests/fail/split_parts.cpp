// EXPECT: Split: the axis does not fall into so many equal parts
#include <graven/graven.hpp>

using namespace graven;

constexpr Parameters params[] = {{}, {}};
#ifdef GRAVEN_BROKEN
constexpr int parts = 3;
#else
constexpr int parts = 2;
#endif
Model<Graph<Node<Split<Axis::channels, parts>, 0>, Outputs<Out<1, 1>>>, Shape{2, 2, 4}, params>
    model;
