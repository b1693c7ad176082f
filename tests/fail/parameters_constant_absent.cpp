// EXPECT: Parameters: the record of this layer lacks a constant
#include <graven/graven.hpp>

using namespace graven;

constexpr float factors[] = {1, 2};
#ifdef GRAVEN_BROKEN
constexpr Constant constants[] = {{"factor", factors}};
#else
constexpr Constant constants[] = {{"operand", factors}};
#endif
constexpr Parameters params[] = {{}, {.constants = constants}};
Model<Sequential<MulConstant<Shape{1, 1, 2}>>, Shape{2, 2, 2}, params> model;
