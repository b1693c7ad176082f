// EXPECT: Assign: the new content has another element type, scale or zero point than the Variable.
#include <graven/graven.hpp>

using namespace graven;

#ifdef GRAVEN_BROKEN
constexpr Quant kept{0.25f, 0};
#else
constexpr Quant kept{0.5f, 0};
#endif
constexpr Parameters params[] = {{.output = {0.5f, 0}}, {.output = kept}, {}};

Model<Graph<Node<Variable<Shape{1, 1, 2}>>, Node<Assign, 1, 0>, Outputs<1>>, Shape{1, 1, 2}, params>
    model;
