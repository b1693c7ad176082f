// EXPECT: Constant: height, width and channels of an operand must each be at least 1.
#include <graven/graven.hpp>

using namespace graven;

constexpr float filter[2] = {};
constexpr Constant constants[] = {{.name = "operand", .data = filter}};
constexpr Parameters params[] = {{}, {.constants = constants}};
#ifdef GRAVEN_BROKEN
using Network = Sequential<AddConstant<Shape{1, 0, 2}>>;
#else
using Network = Sequential<AddConstant<Shape{1, 1, 2}>>;
#endif

Model<Network, Shape{4, 4, 2}, params> model;
