// EXPECT: DepthwiseConv2D: the incoming activation has a different channel count than
#include <graven/graven.hpp>

using namespace graven;

constexpr float filter[18] = {};
constexpr Parameters params[] = {{}, {.filter = filter}};
#ifdef GRAVEN_BROKEN
using Network = Sequential<DepthwiseConv2D<1, 2, 3>>;
#else
using Network = Sequential<DepthwiseConv2D<2, 1, 3>>;
#endif

Model<Network, Shape{4, 4, 2}, params> model;
