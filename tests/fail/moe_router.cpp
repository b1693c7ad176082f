// EXPECT: MoE: the second input is the router's, a number per pixel and expert.
#include <graven/graven.hpp>

using namespace graven;

#ifdef GRAVEN_BROKEN
using Layer = MoE<1, 1, 4, 1>;
#else
using Layer = MoE<1, 2, 2, 1>;
#endif
constexpr float weights[4]{};
constexpr Constant constants[]{{"gate", weights}, {"up", weights}, {"down", weights}};
constexpr Parameters params[]{{}, {}, {.constants = constants}};

Model<Graph<Node<Layer, 0, 1>, Outputs<2>>, shapes(Shape{1, 3, 1}, Shape{1, 3, 2}), params> model;
