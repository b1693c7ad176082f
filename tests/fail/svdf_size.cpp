// EXPECT: Parameters: the record of this layer lacks an array that the layer's header lists
#include <graven/graven.hpp>

using namespace graven;

#ifdef GRAVEN_BROKEN
constexpr float time[5] = {};
#else
constexpr float time[6] = {};
#endif
constexpr float filter[4] = {}, zero[1] = {};
constexpr Constant constants[] = {{"time", time}, {"state", zero}};
constexpr Parameters params[] = {{}, {.filter = filter, .constants = constants}};

Model<SVDF<2, 1, 3>, Shape{1, 1, 2}, params> model;
