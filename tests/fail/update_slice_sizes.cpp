// EXPECT: UpdateSlice: the inputs are not as large as the axes say
#include <graven/graven.hpp>

using namespace graven;

constexpr Parameters params[] = {{}, {}, {.element = Element::int32}, {}};
#ifdef GRAVEN_BROKEN
using Layer = UpdateSlice<Renewed{4, 2}>;
#else
using Layer = UpdateSlice<Renewed{4, 1}>;
#endif

Model<Graph<Node<Layer, 0, 1, 2>, Outputs<3>>, shapes(Shape{1, 1, 4}, Shape{}, Shape{}), params>
    model;
