// EXPECT: Select: the condition and both operands have different shapes
#include <graven/graven.hpp>

using namespace graven;

constexpr Parameters params[] = {
    {.element = Element::boolean}, {.element = Element::int32}, {.element = Element::int32}, {}};
#ifdef GRAVEN_BROKEN
constexpr Shape second{4, 4, 3};
#else
constexpr Shape second{1, 1, 2};
#endif
Model<Graph<Node<Select, 0, 1, 2>, Outputs<3>>, shapes(Shape{4, 4, 2}, second, second), params>
    model;
