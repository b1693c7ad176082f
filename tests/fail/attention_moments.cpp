// EXPECT: Attention: q, k and v have the same height and width; of the span everything k
#include <graven/graven.hpp>

using namespace graven;

#ifdef GRAVEN_BROKEN
using Layer = Attention<2, 2, 2, past>;
#else
using Layer = Attention<2, 2, 2>;
#endif
constexpr Parameters params[] = {{}, {}, {}, {}};

Model<Graph<Node<Layer, 0, 1, 2>, Outputs<3>>,
      shapes(Shape{1, 2, 4}, Shape{1, 3, 4}, Shape{1, 3, 4}), params>
    model;
