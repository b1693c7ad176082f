// EXPECT: Attention: Heads, KvHeads and HeadDim must each be at least 1, Heads a
#include <graven/graven.hpp>

using namespace graven;

#ifdef GRAVEN_BROKEN
using Layer = Attention<2, 3, 2>;
#else
using Layer = Attention<2, 2, 2>;
#endif
constexpr Parameters params[] = {{}, {}, {}, {}};

Model<Graph<Node<Layer, 0, 1, 2>, Outputs<3>>,
      shapes(Shape{1, 2, 4}, Shape{1, 2, 4}, Shape{1, 2, 4}), params>
    model;
