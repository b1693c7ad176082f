// EXPECT: nano_rust: Dense takes an activation of In elements, Conv2D one of InChannels
#include <graven/graven.hpp>

using namespace graven;

constexpr std::int8_t filter[6] = {}, bias[2] = {};
constexpr Parameters params[] = {{.output = {1.0f, 0}}, {.filter = filter, .bias = bias}};
#ifdef GRAVEN_BROKEN
constexpr Shape shape{1, 1, 4};
#else
constexpr Shape shape{1, 1, 3};
#endif

Model<nano_rust::Dense<3, 2>, shape, params> model;
