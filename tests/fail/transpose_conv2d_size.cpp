// EXPECT: TransposeConv2D: from an output of this size (height, width) a convolution of
#include <graven/graven.hpp>

using namespace graven;

constexpr float filter[9] = {};
constexpr Parameters params[] = {{}, {.filter = filter}};
#ifdef GRAVEN_BROKEN
using Network = Sequential<TransposeConv2D<1, 1, 3, 2, same, none, Extent{9, 8}>>;
#else
using Network = Sequential<TransposeConv2D<1, 1, 3, 2, same, none, Extent{7, 8}>>;
#endif

Model<Network, Shape{4, 4, 1}, params> model;
