// EXPECT: Quantization: a layer with weights reads an int16 activation of zero point -32768
#include <graven/graven.hpp>

using namespace graven;

constexpr std::int8_t filter[27] = {1, 2, 3};
constexpr float scale[] = {0.01f};
constexpr std::int64_t bias[1] = {};
#ifdef GRAVEN_BROKEN
constexpr Parameters params[] = {
    {.output = {0.1f, 3}},
    {.output = {1.0f / 65536, -32768}, .element = Element::int16},
    {.filter = filter, .bias = bias, .scale = scale, .output = {0.1f, 0}}};
using Network = Sequential<Softmax, Conv2D<3, 1, 3, 1, Padding::same>>;
#else
constexpr Parameters params[] = {
    {.output = {0.1f, 0}, .element = Element::int16},
    {.filter = filter, .bias = bias, .scale = scale, .output = {0.1f, 0}}};
using Network = Sequential<Conv2D<3, 1, 3, 1, Padding::same>>;
#endif

Model<Network, Shape{3, 4, 3}, params> model;
