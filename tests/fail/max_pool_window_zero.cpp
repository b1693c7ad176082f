// EXPECT: Window: the sides of a filter or a pool must be at least 1
#include <graven/graven.hpp>

using namespace graven;

constexpr Parameters params[] = {{}, {}};
#ifdef GRAVEN_BROKEN
using Network = Sequential<MaxPool<0>>;
#else
using Network = Sequential<MaxPool<2>>;
#endif

Model<Network, Shape{4, 4, 2}, params> model;
