// EXPECT: Parameters: the constants of this layer must be constexpr arrays
#include <graven/graven.hpp>

using namespace graven;

#ifdef GRAVEN_BROKEN
float factors[2]{};
#else
constexpr float factors[] = {1, 2};
#endif
constexpr Constant constants[] = {{"operand", factors}};
constexpr Parameters params[] = {{}, {.constants = constants}};
Model<Sequential<MulConstant<Shape{1, 1, 2}>>, Shape{2, 2, 2}, params> model;
