// EXPECT: Assign: the first value that the node names must be that of a Variable
#include <graven/graven.hpp>

using namespace graven;

constexpr Parameters params[] = {{}, {}, {}, {}};
#ifdef GRAVEN_BROKEN
using New = Node<Assign, 2, 0>;
#else
using New = Node<Assign, 1, 2>;
#endif

Model<Graph<Node<Variable<Shape{1, 1, 2}>>, Node<ReLU, 1>, New, Outputs<2>>, Shape{1, 1, 2}, params>
    model;
