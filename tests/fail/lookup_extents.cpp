// EXPECT: Lookup: batches, outer and the extents, one to five, must each be at least 1.
#include <graven/graven.hpp>

using namespace graven;

constexpr Parameters params[] = {{}, {.element = Element::int32}, {}};
#ifdef GRAVEN_BROKEN
using Layer = Lookup<Shape{1, 1, 3}, 0, 1, 4>;
#else
using Layer = Lookup<Shape{1, 1, 3}, 1, 1, 4>;
#endif

Model<Graph<Node<Layer, 0, 1>, Outputs<2>>, shapes(Shape{1, 4, 3}, Shape{}), params> model;
