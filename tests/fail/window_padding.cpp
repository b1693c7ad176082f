// EXPECT: Window: the padding (top, bottom, left, right) must be from 0 to one less
#include <graven/graven.hpp>

using namespace graven;

constexpr std::int8_t filter[2 * 9 * 2]{};
constexpr float scale[] = {0.01f};
constexpr Parameters params[] = {{.output = {0.1f, 0}},
                                 {.filter = filter, .scale = scale, .output = {0.1f, 0}}};
#ifdef GRAVEN_BROKEN
constexpr Padding padding{3, 0, 1, 1};
#else
constexpr Padding padding{2, 0, 1, 1};
#endif
using Network = Sequential<Conv2D<2, 2, 3, 1, padding>>;

Model<Network, Shape{6, 6, 2}, params> model;
