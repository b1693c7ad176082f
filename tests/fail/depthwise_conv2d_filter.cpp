// EXPECT: DepthwiseConv2D: the filter is larger than the incoming activation.
#include <graven/graven.hpp>

using namespace graven;

constexpr float filter[18] = {};
constexpr Parameters params[] = {{}, {.filter = filter}};
#ifdef GRAVEN_BROKEN
using Network = Sequential<DepthwiseConv2D<2, 1, 3>>;
#else
using Network = Sequential<DepthwiseConv2D<2, 1, 3, 1, same>>;
#endif

Model<Network, Shape{4, 2, 2}, params> model;
