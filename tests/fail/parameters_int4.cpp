// EXPECT: Parameters: weights in int4() must lie in [-8, 7]
#include <graven/graven.hpp>

using namespace graven;

#ifdef GRAVEN_BROKEN
constexpr std::int8_t weights[6] = {1, 2, 3, 4, 5, 8};
#else
constexpr std::int8_t weights[6] = {1, 2, 3, 4, 5, 7};
#endif
constexpr float scale[1] = {0.5f};
constexpr Parameters params[] = {{.output = {0.1f, 0}},
                                 {.filter = int4(weights), .scale = scale, .output = {1.0f, 0}}};

Model<Sequential<Dense<3, 2>>, Shape{1, 1, 3}, params> model;
