// EXPECT: Conv3D: the incoming activation has a different channel count than InChannels
#include <graven/graven.hpp>

using namespace graven;

constexpr float filter[8] = {};
constexpr Parameters params[] = {{}, {.filter = filter}};
#ifdef GRAVEN_BROKEN
using Network = Sequential<Conv3D<4, 2, 1, 2>>;
#else
using Network = Sequential<Conv3D<4, 1, 1, 2>>;
#endif

Model<Network, Shape{4 * 4, 4, 1}, params> model;
