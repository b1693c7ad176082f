// EXPECT: Model: no plan fits the arena that plan::within allows
#include <graven/graven.hpp>

using namespace graven;

constexpr Parameters params[] = {{.output = {0.1f, 0}}, {}};
#ifdef GRAVEN_BROKEN
constexpr int limit = 64;
#else
constexpr int limit = 256;
#endif

Model<Sequential<MaxPool<2>>, Shape{10, 10, 1}, params, scalar, plan::within<limit>> model;
