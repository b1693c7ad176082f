// EXPECT: Embedding: the tokens of a row lie along its width or its channels, so that the
#include <graven/graven.hpp>

using namespace graven;

#ifdef GRAVEN_BROKEN
constexpr Shape tokens{1, 2, 3};
#else
constexpr Shape tokens{2, 1, 3};
#endif
constexpr float table[]{1, 2};
constexpr Constant constants[]{{"table", table}};
constexpr Parameters params[] = {{.element = Element::int32}, {.constants = constants}};

Model<Sequential<Embedding<1, 2>>, tokens, params> model;
