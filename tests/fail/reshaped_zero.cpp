// EXPECT: Reshaped: height, width and channels must each be at least 1.
#include <graven/graven.hpp>

using namespace graven;

constexpr Parameters params[] = {{}, {}};
#ifdef GRAVEN_BROKEN
using Network = Sequential<Reshaped<ReLU, Shape{4, 0, 4}, Shape{4, 4, 2}>>;
#else
using Network = Sequential<Reshaped<ReLU, Shape{4, 2, 4}, Shape{4, 4, 2}>>;
#endif

Model<Network, Shape{4, 4, 2}, params> model;
