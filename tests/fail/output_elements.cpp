// EXPECT: Shape: height, width and channels of a layer's output may be at most 65535
#include <graven/graven.hpp>

using namespace graven;

#ifdef GRAVEN_BROKEN
using Layer = Tile<32769, 65535>;
#else
using Layer = Tile<2>;
#endif
constexpr Parameters params[] = {{}, {}};

Model<Sequential<Layer>, Shape{1, 1, 1}, params> model;
