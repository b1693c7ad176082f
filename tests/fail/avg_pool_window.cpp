// EXPECT: AvgPool: the window is larger than the incoming activation.
#include <graven/graven.hpp>

using namespace graven;

constexpr Parameters params[] = {{}, {}};
#ifdef GRAVEN_BROKEN
using Network = Sequential<AvgPool<Extent{1, 5}>>;
#else
using Network = Sequential<AvgPool<2>>;
#endif

Model<Network, Shape{2, 4, 1}, params> model;
