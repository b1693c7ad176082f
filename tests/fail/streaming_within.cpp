// EXPECT: Streaming: no plan fits the memory that plan::within allows
#include <graven/graven.hpp>

using namespace graven;

constexpr Parameters params[] = {{.output = {1.0f, 0}}, {}, {}};
#ifdef GRAVEN_BROKEN
constexpr int limit = 16;
#else
constexpr int limit = 4096;
#endif
using Network = Sequential<MaxPool<2>, GlobalAvgPool>;

Streaming<Network, Shape{8, 4, 1}, params, scalar, StreamPolicy{.plan = plan::within<limit>}>
    stream;
