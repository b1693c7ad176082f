// EXPECT: Parameters: a constant of this layer has a different number of elements
#include <graven/graven.hpp>

using namespace graven;

#ifdef GRAVEN_BROKEN
constexpr std::int32_t indices[] = {0, 3, 2};
#else
constexpr std::int32_t indices[] = {0, 3};
#endif
constexpr Constant constants[] = {{"indices", indices}};
constexpr Parameters params[] = {{}, {.constants = constants}};

Model<Sequential<IndexTable<Shape{1, 1, 2}>>, Shape{2, 1, 4}, params> model;
