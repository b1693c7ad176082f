// EXPECT: Model: the second argument is the shape of the input
#include <graven/graven.hpp>

using namespace graven;

constexpr Parameters params[] = {{.output = {0.1f, 0}}, {}};
#ifdef GRAVEN_BROKEN
constexpr int input = 6;
#else
constexpr Shape input{1, 1, 6};
#endif

Model<Sequential<ReLU>, input, params> model;
