// EXPECT: Parameters: filter, bias and scale of this layer must be constexpr arrays
#include <graven/graven.hpp>

using namespace graven;

#ifdef GRAVEN_BROKEN
std::int8_t weights[6]{};
#else
constexpr std::int8_t weights[6]{};
#endif
constexpr float scale[] = {0.1f};
constexpr Parameters params[] = {{.output = {0.1f, 0}},
                                 {.filter = weights, .scale = scale, .output = {0.1f, 0}}};

Model<Sequential<Dense<6, 1>>, Shape{1, 1, 6}, params> model;
