// EXPECT: Softmax: Beta, the factor of what it exponentiates, must be positive.
#include <graven/graven.hpp>

using namespace graven;

#ifdef GRAVEN_BROKEN
using Layer = SoftmaxWith<-1.0f>;
#else
using Layer = SoftmaxWith<1.0f>;
#endif
constexpr Parameters params[] = {{}, {}};

Model<Sequential<Layer>, Shape{1, 1, 6}, params> model;
