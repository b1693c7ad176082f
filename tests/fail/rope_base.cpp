// EXPECT: RoPE: Base must be positive.
#include <graven/graven.hpp>

using namespace graven;

#ifdef GRAVEN_BROKEN
using Layer = RoPE<2, half_split, 0.0f>;
#else
using Layer = RoPE<2>;
#endif
constexpr Parameters params[] = {{}, {}};

Model<Sequential<Layer>, Shape{1, 1, 6}, params> model;
