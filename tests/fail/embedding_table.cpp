// EXPECT: Embedding: Vocabulary and Dim must each be at least 1 and at most 65535, and the table
#include <graven/graven.hpp>

using namespace graven;

#ifdef GRAVEN_BROKEN
using Layer = Embedding<46341, 46341>;
#else
using Layer = Embedding<1, 2>;
#endif
constexpr float table[]{1, 2};
constexpr Constant constants[]{{"table", table}};
constexpr Parameters params[] = {{.element = Element::int32}, {.constants = constants}};

Model<Sequential<Layer>, Shape{1, 3, 1}, params> model;
