// EXPECT: Parameters: the array of records must be constexpr
#include <graven/graven.hpp>

using namespace graven;

#ifdef GRAVEN_BROKEN
Parameters params[] = {{.output = {0.1f, 0}}, {}};
#else
constexpr Parameters params[] = {{.output = {0.1f, 0}}, {}};
#endif

Model<Sequential<ReLU>, Shape{4, 4, 2}, params> model;
