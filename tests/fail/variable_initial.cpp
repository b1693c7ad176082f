// EXPECT: Parameters: the `initial` content of this Variable has another element type
#include <graven/graven.hpp>

using namespace graven;

#ifdef GRAVEN_BROKEN
constexpr std::int16_t content[2] = {1, 2};
#else
constexpr float content[2] = {1, 2};
#endif
constexpr Constant constants[] = {{.name = "initial", .data = content}};
constexpr Parameters params[] = {{}, {.constants = constants}};

Model<Graph<Node<Variable<Shape{1, 1, 2}>>, Outputs<1>>, Shape{1, 1, 2}, params> model;
