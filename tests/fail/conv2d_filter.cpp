// EXPECT: Conv2D: the filter is larger than the incoming activation.
#include <graven/graven.hpp>

using namespace graven;

constexpr float filter[9] = {};
constexpr Parameters params[] = {{}, {.filter = filter}};
#ifdef GRAVEN_BROKEN
using Network = Sequential<Conv2D<1, 1, 3>>;
#else
using Network = Sequential<Conv2D<1, 1, 3, 1, same>>;
#endif

Model<Network, Shape{2, 4, 1}, params> model;
