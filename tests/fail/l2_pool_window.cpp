// EXPECT: L2Pool: the window is larger than the incoming activation.
#include <graven/graven.hpp>

using namespace graven;

constexpr Parameters params[] = {{}, {}};
#ifdef GRAVEN_BROKEN
using Network = Sequential<L2Pool<3>>;
#else
using Network = Sequential<L2Pool<2>>;
#endif

Model<Network, Shape{2, 4, 1}, params> model;
