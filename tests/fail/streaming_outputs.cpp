// EXPECT: Dense: Out, the number of outputs, must be at least 1.
#include <graven/graven.hpp>

using namespace graven;

constexpr float filter[24] = {};
constexpr Parameters params[] = {{}, {.filter = filter}};
#ifdef GRAVEN_BROKEN
using Network = Sequential<Dense<6, -4>>;
#else
using Network = Sequential<Dense<6, 4>>;
#endif

Streaming<Network, Shape{4, 1, 6}, params> stream;
float first(std::span<const float, 6> rows) { return stream.push(rows)[0]; }
