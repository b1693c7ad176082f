// EXPECT: Parameters: there must be one record per model input, then one per layer;
#include <graven/graven.hpp>

using namespace graven;

constexpr float weights[6]{};
#ifdef GRAVEN_BROKEN
constexpr Parameters params[] = {{}};
#else
constexpr Parameters params[] = {{}, {.filter = weights}};
#endif

Model<Sequential<Dense<6, 1>>, Shape{1, 1, 6}, params> model;
