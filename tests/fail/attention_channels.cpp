// EXPECT: Attention: q has Heads * HeadDim channels, k and v have KvHeads * HeadDim.
#include <graven/graven.hpp>

using namespace graven;

#ifdef GRAVEN_BROKEN
using Layer = Attention<2, 2, 1>;
#else
using Layer = Attention<2, 2, 2>;
#endif
constexpr Parameters params[] = {{}, {}, {}, {}};

Model<Graph<Node<Layer, 0, 1, 2>, Outputs<3>>,
      shapes(Shape{1, 2, 4}, Shape{1, 2, 4}, Shape{1, 2, 4}), params>
    model;
