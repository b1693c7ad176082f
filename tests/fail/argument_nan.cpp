// EXPECT: Network: a real number among this layer's template arguments is infinite or NaN.
#include <graven/graven.hpp>

using namespace graven;

#ifdef GRAVEN_BROKEN
using Layer = LeakyReLU<__builtin_nanf("")>;
#else
using Layer = LeakyReLU<0.1f>;
#endif
constexpr Parameters params[] = {{}, {}};

Model<Sequential<Layer>, Shape{1, 1, 6}, params> model;
