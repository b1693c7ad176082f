// EXPECT: Element type: this layer has no kernel for the element types of its input and
#include <graven/graven.hpp>

using namespace graven;

#ifdef GRAVEN_BROKEN
constexpr Parameters params[] = {{.output = {0.1f, 0}}, {}};
#else
constexpr Parameters params[] = {{}, {}};
#endif

Model<Sequential<Neg>, Shape{4, 4, 1}, params> model;
