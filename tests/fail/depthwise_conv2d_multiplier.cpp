// EXPECT: Window: a layer must have at least one output channel.
#include <graven/graven.hpp>

using namespace graven;

constexpr float filter[8] = {};
constexpr Parameters params[] = {{}, {.filter = filter}};
#ifdef GRAVEN_BROKEN
using Network = Sequential<DepthwiseConv2D<2, 0, 1>>;
#else
using Network = Sequential<DepthwiseConv2D<2, 4, 1>>;
#endif

Model<Network, Shape{4, 4, 2}, params> model;
