// EXPECT: UpdateSlice: there are one to six axes; each has 1 to 32767 elements
#include <graven/graven.hpp>

using namespace graven;

constexpr Parameters params[] = {{}, {}, {.element = Element::int32}, {}};
#ifdef GRAVEN_BROKEN
using Layer = UpdateSlice<Renewed{1, 4}>;
#else
using Layer = UpdateSlice<Renewed{4, 1}>;
#endif

Model<Graph<Node<Layer, 0, 1, 2>, Outputs<3>>, shapes(Shape{1, 1, 4}, Shape{}, Shape{}), params>
    model;
