// EXPECT: Attention: sliding(context) and stopping(context) need a context of 1 to
#include <graven/graven.hpp>

using namespace graven;

#ifdef GRAVEN_BROKEN
using Layer = Attention<2, 2, 2, sliding(0)>;
#else
using Layer = Attention<2, 2, 2, sliding(1)>;
#endif
constexpr Parameters params[] = {{}, {}, {}, {}};

Model<Graph<Node<Layer, 0, 1, 2>, Outputs<3>>,
      shapes(Shape{1, 2, 4}, Shape{1, 2, 4}, Shape{1, 2, 4}), params>
    model;
