// EXPECT: ResizeNearest: height and width must be at least 1.
#include <graven/graven.hpp>

using namespace graven;

constexpr Parameters params[] = {{}, {}};
#ifdef GRAVEN_BROKEN
using Network = Sequential<ResizeNearest<2, -1>>;
#else
using Network = Sequential<ResizeNearest<2, 1>>;
#endif

Model<Network, Shape{2, 4, 1}, params> model;
