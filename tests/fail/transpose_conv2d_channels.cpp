// EXPECT: TransposeConv2D: the incoming activation has a different channel count
#include <graven/graven.hpp>

using namespace graven;

constexpr float filter[9] = {};
constexpr Parameters params[] = {{}, {.filter = filter}};
#ifdef GRAVEN_BROKEN
using Network = Sequential<TransposeConv2D<2, 1, 3, 2>>;
#else
using Network = Sequential<TransposeConv2D<1, 1, 3, 2>>;
#endif

Model<Network, Shape{4, 4, 1}, params> model;
