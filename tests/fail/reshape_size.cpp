// EXPECT: Reshape: the new shape has a different number of elements than the incoming
#include <graven/graven.hpp>

using namespace graven;

constexpr Parameters params[] = {{}, {}};
#ifdef GRAVEN_BROKEN
using Network = Sequential<Reshape<Shape{4, 3, 1}>>;
#else
using Network = Sequential<Reshape<Shape{4, 2, 1}>>;
#endif

Model<Network, Shape{2, 4, 1}, params> model;
