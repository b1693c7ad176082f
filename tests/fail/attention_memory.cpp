// EXPECT: Attention: sliding(context) and stopping(context) need a context of 1 to
#include <graven/graven.hpp>

using namespace graven;

#ifdef GRAVEN_BROKEN
constexpr int context = 65535;
#else
constexpr int context = 1;
#endif
using Layer = Attention<1, 1, 4096, sliding(context)>;
constexpr Parameters params[] = {{}, {}, {}, {}};

Model<Graph<Node<Layer, 0, 1, 2>, Outputs<3>>,
      shapes(Shape{1, 1, 4096}, Shape{1, 1, 4096}, Shape{1, 1, 4096}), params>
    model;
