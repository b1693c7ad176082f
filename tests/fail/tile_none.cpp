// EXPECT: Tile: the input must be repeated once or more along each axis
#include <graven/graven.hpp>

using namespace graven;

constexpr Parameters params[] = {{}, {}};
#ifdef GRAVEN_BROKEN
using Network = Sequential<Tile<2, 0>>;
#else
using Network = Sequential<Tile<2, 1>>;
#endif

Model<Network, Shape{2, 3, 4}, params> model;
