// EXPECT: Streaming: every row of this layer depends on where the window begins
#include <graven/graven.hpp>

using namespace graven;

constexpr std::int8_t filter[3] = {1, 2, 3};
constexpr float scale[1] = {0.5f};
constexpr Parameters params[] = {
    {.output = {1.0f, 0}}, {.filter = filter, .scale = scale, .output = {1.0f, 0}}, {}};
#ifdef GRAVEN_BROKEN
constexpr Padding padding = same;
#else
constexpr Padding padding = valid;
#endif
using Network = Sequential<Conv2D<1, 1, Extent{3, 1}, 1, padding>, GlobalAvgPool>;

Streaming<Network, Shape{8, 4, 1}, params> stream;
