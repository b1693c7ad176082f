// EXPECT: RoPE: HeadDim, the channels of a head, must be even and at least 2.
#include <graven/graven.hpp>

using namespace graven;

#ifdef GRAVEN_BROKEN
using Layer = RoPE<3>;
#else
using Layer = RoPE<2>;
#endif
constexpr Parameters params[] = {{}, {}};

Model<Sequential<Layer>, Shape{1, 1, 6}, params> model;
