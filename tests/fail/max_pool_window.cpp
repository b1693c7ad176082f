// EXPECT: MaxPool: the window is larger than the incoming activation.
#include <graven/graven.hpp>

using namespace graven;

constexpr Parameters params[] = {{}, {}};
#ifdef GRAVEN_BROKEN
using Network = Sequential<MaxPool<3>>;
#else
using Network = Sequential<MaxPool<2>>;
#endif

Model<Network, Shape{2, 4, 1}, params> model;
