// EXPECT: Shape: height, width and channels may be at most 65535 each.
#include <graven/graven.hpp>

using namespace graven;

constexpr float filter[1]{}, time[65536]{}, state[1]{};
constexpr Constant constants[] = {{"filter", filter}, {"time", time}, {"state", state}};
#ifdef GRAVEN_BROKEN
using Layer = SVDF<1, 1, 65536>;
#else
using Layer = ReLU;
#endif
constexpr Parameters params[] = {{}, {.constants = constants}};

Model<Sequential<Layer>, Shape{1, 1, 1}, params> model;
