// EXPECT: MoE: Dim, Hidden and Top must each be at least 1, and Top at most Experts.
#include <graven/graven.hpp>

using namespace graven;

#ifdef GRAVEN_BROKEN
using Layer = MoE<1, 1, 2, 3>;
#else
using Layer = MoE<1, 1, 2, 2>;
#endif
constexpr float weights[2]{};
constexpr Constant constants[]{{"gate", weights}, {"up", weights}, {"down", weights}};
constexpr Parameters params[]{{}, {}, {.constants = constants}};

Model<Graph<Node<Layer, 0, 1>, Outputs<2>>, shapes(Shape{1, 3, 1}, Shape{1, 3, 2}), params> model;
