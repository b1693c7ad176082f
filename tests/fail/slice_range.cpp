// EXPECT: Slice: its first or last element is outside of the axis
#include <graven/graven.hpp>

using namespace graven;

constexpr Parameters params[] = {{}, {}};
#ifdef GRAVEN_BROKEN
using Network = Sequential<Slice<Axis::width, 1, 3>>;
#else
using Network = Sequential<Slice<Axis::width, 1, 2>>;
#endif

Model<Network, Shape{2, 3, 4}, params> model;
