// EXPECT: Assign: the Variable has its new content from another Assign already
#include <graven/graven.hpp>

using namespace graven;

#ifdef GRAVEN_BROKEN
constexpr int other = 1;
#else
constexpr int other = 2;
#endif
constexpr Parameters params[] = {{}, {}, {}, {}, {}};

Model<Graph<Node<Variable<Shape{1, 1, 2}>>, Node<Variable<Shape{1, 1, 2}>>, Node<Assign, 1, 0>,
            Node<Assign, other, 0>, Outputs<1>>,
      Shape{1, 1, 2}, params>
    model;
