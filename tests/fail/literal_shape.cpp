// EXPECT: Literal: height, width and channels must each be at least 1
#include <graven/graven.hpp>

using namespace graven;

constexpr std::int8_t value[]{1, 2};
constexpr float scale[] = {0.5f};
constexpr Constant record[]{{"value", value, scale, 0}};
constexpr Parameters params[] = {{.output = {0.5f, 0}}, {.constants = record}, {}};
#ifdef GRAVEN_BROKEN
constexpr Shape shape{1, 0, 2};
#else
constexpr Shape shape{1, 1, 2};
#endif
using Net = Graph<Node<Literal<shape>>, Node<Concatenate<>, 1, 0>, Outputs<2>>;

Model<Net, Shape{1, 1, 3}, params> model;
