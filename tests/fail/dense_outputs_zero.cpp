// EXPECT: Dense: Out, the number of outputs, must be at least 1.
#include <graven/graven.hpp>

using namespace graven;

constexpr float filter[24] = {};
constexpr Parameters params[] = {{}, {.filter = filter}, {}};
#ifdef GRAVEN_BROKEN
using Network = Sequential<Dense<6, 0>, ReLU>;
#else
using Network = Sequential<Dense<6, 4>, ReLU>;
#endif

Model<Network, Shape{1, 1, 6}, params> model;
