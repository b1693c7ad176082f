// EXPECT: Beam: Width and Length must each be at least 1.
#include <graven/beam.hpp>
#include <graven/graven.hpp>

using namespace graven;

#ifdef GRAVEN_BROKEN
constexpr int width = 0;
#else
constexpr int width = 2;
#endif
constexpr float vectors[]{1, 2, 3, 4};
constexpr Constant table[]{{"table", vectors}};
constexpr Parameters params[]{{.element = Element::int32}, {.constants = table}, {}, {}};
using Net = Sequential<Embedding<2, 2>, RoPE<2>, Softmax>;

Beam<Model<Net, Shape{1, 1, 1}, params>, width, 8> beam;
