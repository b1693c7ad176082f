// EXPECT: AddN: two to fifteen activations must have one shape
#include <graven/graven.hpp>

using namespace graven;

constexpr Parameters params[] = {{}, {}, {}};
#ifdef GRAVEN_BROKEN
constexpr Shape second{1, 1, 2};
#else
constexpr Shape second{4, 4, 2};
#endif
Model<Graph<Node<AddN, 0, 1>, Outputs<2>>, shapes(Shape{4, 4, 2}, second), params> model;
