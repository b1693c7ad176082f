// EXPECT: IndexTable: height, width and channels must each be at least 1.
#include <graven/graven.hpp>

using namespace graven;

constexpr std::int32_t indices[] = {0, 3};
constexpr Constant constants[] = {{"indices", indices}};
constexpr Parameters params[] = {{}, {.constants = constants}};
#ifdef GRAVEN_BROKEN
constexpr int channels = -2;
#else
constexpr int channels = 2;
#endif

Model<Sequential<IndexTable<Shape{1, 1, channels}>>, Shape{2, 1, 4}, params> model;
