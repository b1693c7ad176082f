// EXPECT: Conv2D: groups must divide InChannels and OutChannels
#include <graven/graven.hpp>

using namespace graven;

constexpr std::int8_t filter[4 * 9 * 2]{};
constexpr float scale[] = {0.01f};
constexpr Parameters params[] = {{.output = {0.1f, 0}},
                                 {.filter = filter, .scale = scale, .output = {0.1f, 0}}};
#ifdef GRAVEN_BROKEN
constexpr int groups = 3;
#else
constexpr int groups = 2;
#endif
using Network =
    Sequential<Conv2D<4, 4, 3, 1, Padding::same, Activation::none, Dilation{1}, groups>>;

Model<Network, Shape{6, 6, 4}, params> model;
