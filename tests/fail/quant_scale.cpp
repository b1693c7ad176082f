// EXPECT: Quantization: an integer activation needs a positive scale.
#include <graven/graven.hpp>

using namespace graven;

constexpr std::int8_t filter[18] = {1};
constexpr std::int32_t bias[2] = {1, 2};
constexpr float scale[2] = {0.5f, 0.25f};
#ifdef GRAVEN_BROKEN
constexpr Parameters params[] = {
    {.output = {0.1f, 0}},
    {.filter = filter, .bias = bias, .scale = scale, .output = {-1.0f, 0}},
    {}};
#else
constexpr Parameters params[] = {
    {.output = {0.1f, 0}},
    {.filter = filter, .bias = bias, .scale = scale, .output = {1.0f, 0}},
    {}};
#endif

Model<Sequential<Conv2D<1, 2, 3>, ReLU>, Shape{4, 4, 1}, params> model;
