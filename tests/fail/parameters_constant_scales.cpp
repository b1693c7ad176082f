// EXPECT: Parameters: an int8 constant of this layer needs one float scale
#include <graven/graven.hpp>

using namespace graven;

constexpr std::int8_t factors[] = {1, 2};
#ifdef GRAVEN_BROKEN
constexpr float scale[] = {0.5f, 0.25f};
#else
constexpr float scale[] = {0.5f};
#endif
constexpr Constant constants[] = {{"operand", factors, scale}};
constexpr Parameters params[] = {{.output = {1, 0}}, {.constants = constants}};
Model<Sequential<MulConstant<Shape{1, 1, 2}>>, Shape{2, 2, 2}, params> model;
