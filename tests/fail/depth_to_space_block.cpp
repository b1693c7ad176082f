// EXPECT: DepthToSpace: the channels do not make blocks of this side
#include <graven/graven.hpp>

using namespace graven;

constexpr Parameters params[] = {{}, {}};
#ifdef GRAVEN_BROKEN
using Network = Sequential<DepthToSpace<3>>;
#else
using Network = Sequential<DepthToSpace<2>>;
#endif

Model<Network, Shape{4, 4, 4}, params> model;
