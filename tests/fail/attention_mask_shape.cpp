// EXPECT: Attention: the mask has the shape {1 or the height of q, 1 or the width of q,
#include <graven/graven.hpp>

using namespace graven;

#ifdef GRAVEN_BROKEN
constexpr Shape mask{1, 2, 2};
#else
constexpr Shape mask{1, 2, 3};
#endif
constexpr Parameters params[] = {{}, {}, {}, {}, {}};
using Network = Graph<Node<Attention<2, 2, 2>, 0, 1, 2, 3>, Outputs<4>>;

Model<Network, shapes(Shape{1, 2, 4}, Shape{1, 3, 4}, Shape{1, 3, 4}, mask), params> model;
