// EXPECT: Dense: the incoming activation has a different number of elements than In.
#include <graven/graven.hpp>

using namespace graven;

constexpr float filter[16] = {};
constexpr Parameters params[] = {{}, {}, {.filter = filter}};
#ifdef GRAVEN_BROKEN
using Network = Sequential<Flatten, Dense<8, 2>>;
#else
using Network = Sequential<Flatten, Dense<16, 1>>;
#endif

Model<Network, Shape{4, 4, 1}, params> model;
