// EXPECT: ResizeBilinear: AlignCorners and HalfPixelCenters exclude each other.
#include <graven/graven.hpp>

using namespace graven;

constexpr Parameters params[] = {{}, {}};
#ifdef GRAVEN_BROKEN
using Network = Sequential<ResizeBilinear<4, 4, true, true>>;
#else
using Network = Sequential<ResizeBilinear<4, 4, true, false>>;
#endif

Model<Network, Shape{2, 4, 1}, params> model;
