// EXPECT: Attention: Scale, by which scores are multiplied, must be positive and finite
#include <graven/graven.hpp>

using namespace graven;

#ifdef GRAVEN_BROKEN
using Layer = Attention<2, 2, 2, past, -0.5f>;
#else
using Layer = Attention<2, 2, 2, past, 0.5f>;
#endif
constexpr Parameters params[] = {{}, {}, {}, {}};

Model<Graph<Node<Layer, 0, 1, 2>, Outputs<3>>,
      shapes(Shape{1, 2, 4}, Shape{1, 2, 4}, Shape{1, 2, 4}), params>
    model;
