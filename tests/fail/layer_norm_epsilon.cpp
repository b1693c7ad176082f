// EXPECT: LayerNorm: Epsilon, what is added to the variance, must be 0 or more.
#include <graven/graven.hpp>

using namespace graven;

#ifdef GRAVEN_BROKEN
using Layer = LayerNormWith<-1.0f>;
#else
using Layer = LayerNormWith<1.0f>;
#endif
constexpr Parameters params[] = {{}, {}};

Model<Sequential<Layer>, Shape{1, 1, 4}, params> model;
