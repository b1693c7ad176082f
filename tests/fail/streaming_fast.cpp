// EXPECT: Streaming: scratch memory is one piece
#include <graven/graven.hpp>

using namespace graven;

constexpr Parameters params[] = {{.output = {1.0f, 0}}, {}, {}};
#ifdef GRAVEN_BROKEN
constexpr int limit = 64;
#else
constexpr int limit = 0;
#endif
using Network = Sequential<MaxPool<2>, GlobalAvgPool>;

Streaming<Network, Shape{8, 4, 1}, params, scalar,
          StreamPolicy{.plan = plan::Policy{.fast = limit}}>
    stream;
