// EXPECT: ResizeBilinear: height and width must be at least 1.
#include <graven/graven.hpp>

using namespace graven;

constexpr Parameters params[] = {{}, {}};
#ifdef GRAVEN_BROKEN
using Network = Sequential<ResizeBilinear<0, 2>>;
#else
using Network = Sequential<ResizeBilinear<1, 2>>;
#endif

Model<Network, Shape{2, 4, 1}, params> model;
