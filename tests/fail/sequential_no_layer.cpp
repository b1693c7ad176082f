// EXPECT: Network: this type is no layer.
#include <graven/graven.hpp>

using namespace graven;

constexpr Parameters params[] = {{}, {}};
#ifdef GRAVEN_BROKEN
using Network = Sequential<float>;
#else
using Network = Sequential<ReLU>;
#endif

Model<Network, Shape{4, 4, 2}, params> model;
