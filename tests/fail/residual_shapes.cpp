// EXPECT: Elementwise: the two operands have different shapes
#include <graven/graven.hpp>

using namespace graven;

constexpr float filter[9] = {};
constexpr Parameters params[] = {{}, {.filter = filter}, {}};
#ifdef GRAVEN_BROKEN
using Network = Sequential<Residual<Conv2D<1, 1, 3>>>;
#else
using Network = Sequential<Residual<Conv2D<1, 1, 3, 1, same>>>;
#endif

Model<Network, Shape{4, 4, 1}, params> model;
