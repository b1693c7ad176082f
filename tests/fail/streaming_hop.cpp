// EXPECT: Streaming: a push must bring a multiple of the rows that the strides advance together
#include <graven/graven.hpp>

using namespace graven;

constexpr Parameters params[] = {{.output = {1.0f, 0}}, {}, {}};
#ifdef GRAVEN_BROKEN
constexpr int hop = 3;
#else
constexpr int hop = 4;
#endif
using Network = Sequential<MaxPool<2>, GlobalAvgPool>;

Streaming<Network, Shape{8, 4, 1}, params, scalar, StreamPolicy{.hop = hop}> stream;
