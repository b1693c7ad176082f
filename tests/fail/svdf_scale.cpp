// EXPECT: Parameters: an array of integers of this layer needs one positive float scale
#include <graven/graven.hpp>

using namespace graven;

constexpr float one[1] = {1};
#ifdef GRAVEN_BROKEN
constexpr float scale[1] = {0};
#else
constexpr float scale[1] = {1};
#endif
constexpr std::int16_t time[6] = {}, zero[1] = {};
constexpr std::int8_t filter[4] = {};
constexpr Constant constants[] = {{"time", time, scale}, {"state", zero, one}};
constexpr Parameters params[] = {
    {.output = {1.0f, 0}},
    {.filter = filter, .scale = one, .constants = constants, .output = {1.0f, 0}}};

Model<SVDF<2, 1, 3>, Shape{1, 1, 2}, params> model;
