// EXPECT: Model: the limits of a plan, bytes, fast, slow and flash, must not be negative
#include <graven/graven.hpp>

using namespace graven;

constexpr Parameters params[] = {{.output = {0.1f, 0}}, {}};
#ifdef GRAVEN_BROKEN
constexpr int limit = -1;
#else
constexpr int limit = 1024;
#endif
constexpr plan::Policy policy{.goal = plan::Goal::within, .bytes = limit};

Model<Sequential<MaxPool<2>>, Shape{10, 10, 1}, params, scalar, policy> model;
