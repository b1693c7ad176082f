// EXPECT: SVDF: Units, Rank and Memory must each be at least 1.
#include <graven/graven.hpp>

using namespace graven;

constexpr float time[6] = {}, filter[4] = {}, zero[1] = {};
constexpr Constant constants[] = {{"time", time}, {"state", zero}};
constexpr Parameters params[] = {{}, {.filter = filter, .constants = constants}};
#ifdef GRAVEN_BROKEN
constexpr int rank = 0;
#else
constexpr int rank = 1;
#endif

Model<SVDF<2, rank, 3>, Shape{1, 1, 2}, params> model;
