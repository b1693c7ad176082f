// EXPECT: Parameters: a filter scale must be positive and finite.
#include <graven/graven.hpp>

using namespace graven;

constexpr std::int8_t filter[18] = {1};
#ifdef GRAVEN_BROKEN
constexpr float scale[2] = {0.5f, -0.25f};
#else
constexpr float scale[2] = {0.5f, 0.25f};
#endif
constexpr Parameters params[] = {
    {.output = {0.1f, 0}}, {.filter = filter, .scale = scale, .output = {1.0f, 0}}, {}};

Model<Sequential<Conv2D<1, 2, 3>, ReLU>, Shape{4, 4, 1}, params> model;
