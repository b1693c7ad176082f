// EXPECT: Reshape: height, width and channels must each be at least 1.
#include <graven/graven.hpp>

using namespace graven;

constexpr Parameters params[] = {{}, {}};
#ifdef GRAVEN_BROKEN
using Network = Sequential<Reshape<Shape{-4, -4, 2}>>;
#else
using Network = Sequential<Reshape<Shape{2, 4, 4}>>;
#endif

Model<Network, Shape{4, 4, 2}, params> model;
