// EXPECT: Parameters: the bias must be int32 for int8 activations, int64 or int32 for int16, float
#include <graven/graven.hpp>

using namespace graven;

constexpr std::int8_t filter[18] = {1};
constexpr std::int32_t bias[2] = {1, 2};
constexpr float scale[2] = {0.5f, 0.25f};
[[maybe_unused]] constexpr float real_bias[2] = {1, 2};
#ifdef GRAVEN_BROKEN
constexpr Parameters params[] = {
    {.output = {0.1f, 0}},
    {.filter = filter, .bias = real_bias, .scale = scale, .output = {1.0f, 0}},
    {}};
#else
constexpr Parameters params[] = {
    {.output = {0.1f, 0}},
    {.filter = filter, .bias = bias, .scale = scale, .output = {1.0f, 0}},
    {}};
#endif

Model<Sequential<Conv2D<1, 2, 3>, ReLU>, Shape{4, 4, 1}, params> model;
