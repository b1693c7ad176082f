// EXPECT: Window: strides must be at least 1
#include <graven/graven.hpp>

using namespace graven;

constexpr Parameters params[] = {{}, {}};
#ifdef GRAVEN_BROKEN
using Network = Sequential<AvgPool<2, -1>>;
#else
using Network = Sequential<AvgPool<2, 1>>;
#endif

Model<Network, Shape{4, 4, 2}, params> model;
