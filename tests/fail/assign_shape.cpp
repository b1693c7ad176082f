// EXPECT: Assign: the new content has another shape than the Variable.
#include <graven/graven.hpp>

using namespace graven;

constexpr Parameters params[] = {{}, {}, {}};
#ifdef GRAVEN_BROKEN
using Kept = Variable<Shape{2, 1, 2}>;
#else
using Kept = Variable<Shape{1, 1, 2}>;
#endif

Model<Graph<Node<Kept>, Node<Assign, 1, 0>, Outputs<1>>, Shape{1, 1, 2}, params> model;
