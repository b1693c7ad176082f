// EXPECT: SpaceToDepth: height and width do not fall into blocks of this side
#include <graven/graven.hpp>

using namespace graven;

constexpr Parameters params[] = {{}, {}};
#ifdef GRAVEN_BROKEN
using Network = Sequential<SpaceToDepth<3>>;
#else
using Network = Sequential<SpaceToDepth<2>>;
#endif

Model<Network, Shape{4, 4, 2}, params> model;
