// EXPECT: Parameters: a filter scale must be positive and finite.
#include <graven/graven.hpp>

using namespace graven;

constexpr std::int8_t filter[6] = {1};
#ifdef GRAVEN_BROKEN
constexpr float scale[1] = {std::numeric_limits<float>::infinity()};
#else
constexpr float scale[1] = {0.5f};
#endif
constexpr Parameters params[] = {{.output = {0.1f, 0}},
                                 {.filter = filter, .scale = scale, .output = {1.0f, 0}}};

Model<Sequential<Dense<3, 2>>, Shape{1, 1, 3}, params> model;
