// EXPECT: Conv3D: the rows of the incoming activation do not fall into `depth` slices
#include <graven/graven.hpp>

using namespace graven;

constexpr float filter[8] = {};
constexpr Parameters params[] = {{}, {.filter = filter}};
#ifdef GRAVEN_BROKEN
using Network = Sequential<Conv3D<5, 1, 1, 2>>;
#else
using Network = Sequential<Conv3D<4, 1, 1, 2>>;
#endif

Model<Network, Shape{4 * 4, 4, 1}, params> model;
