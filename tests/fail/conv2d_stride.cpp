// EXPECT: Window: strides must be at least 1
#include <graven/graven.hpp>

using namespace graven;

constexpr float filter[8] = {};
constexpr Parameters params[] = {{}, {.filter = filter}};
#ifdef GRAVEN_BROKEN
using Network = Sequential<Conv2D<2, 4, 1, Stride{1, 0}>>;
#else
using Network = Sequential<Conv2D<2, 4, 1, Stride{1, 2}>>;
#endif

Model<Network, Shape{4, 4, 2}, params> model;
