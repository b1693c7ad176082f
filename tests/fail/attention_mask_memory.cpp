// EXPECT: Attention: a mask goes with the spans everything and past; sliding and stopping
#include <graven/graven.hpp>

using namespace graven;

#ifdef GRAVEN_BROKEN
using Layer = Attention<2, 2, 2, sliding(4)>;
#else
using Layer = Attention<2, 2, 2>;
#endif
constexpr Parameters params[] = {{}, {}, {}, {}, {}};

Model<Graph<Node<Layer, 0, 1, 2, 3>, Outputs<4>>,
      shapes(Shape{1, 2, 4}, Shape{1, 2, 4}, Shape{1, 2, 4}, Shape{1, 2, 2}), params>
    model;
