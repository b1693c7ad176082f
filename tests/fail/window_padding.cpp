// EXPECT: Window: strides and dilations may be at most 65534
#include <graven/graven.hpp>

using namespace graven;

constexpr float filter[3] = {};
constexpr Parameters params[] = {{}, {.filter = filter}};
#ifdef GRAVEN_BROKEN
constexpr Dilation apart{40000, 1};
#else
constexpr Dilation apart{4, 1};
#endif

Model<Sequential<Conv2D<1, 1, Filter{3, 1}, 1, same, none, apart>>, Shape{4, 4, 1}, params> model;
