// EXPECT: Shape: height, width and channels of a layer's output may be at most 65535
#include <graven/graven.hpp>

using namespace graven;

#ifdef GRAVEN_BROKEN
using Layer = Conv2D<1, 2147483647, 3>;
#else
using Layer = Conv2D<1, 4, 3>;
#endif
constexpr float filter[36]{};
constexpr Parameters params[] = {{}, {.filter = filter}};

Model<Sequential<Layer>, Shape{3, 3, 1}, params> model;
