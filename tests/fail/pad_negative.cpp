// EXPECT: Pad: the numbers of rows, pixels and channels to add must not be negative
#include <graven/graven.hpp>

using namespace graven;

constexpr Parameters params[] = {{}, {}};
#ifdef GRAVEN_BROKEN
using Network = Sequential<Pad<1, -1>>;
#else
using Network = Sequential<Pad<1, 1>>;
#endif

Model<Network, Shape{2, 3, 4}, params> model;
