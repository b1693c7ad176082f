// EXPECT: Concat: the branches may differ along the joined axis only.
#include <graven/graven.hpp>

using namespace graven;

constexpr float filter[9] = {};
constexpr Parameters params[] = {{}, {.filter = filter}, {}};
#ifdef GRAVEN_BROKEN
using Network = Sequential<Concat<Conv2D<1, 1, 3>, Identity>>;
#else
using Network = Sequential<Concat<Conv2D<1, 1, 3, 1, same>, Identity>>;
#endif

Model<Network, Shape{4, 4, 1}, params> model;
