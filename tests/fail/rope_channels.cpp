// EXPECT: RoPE: the channels must be a multiple of HeadDim
#include <graven/graven.hpp>

using namespace graven;

#ifdef GRAVEN_BROKEN
using Layer = RoPE<4>;
#else
using Layer = RoPE<2>;
#endif
constexpr Parameters params[] = {{}, {}};

Model<Sequential<Layer>, Shape{1, 1, 6}, params> model;
