// EXPECT: Flags: -ffast-math, -Ofast, -ffinite-math-only and -funsafe-math-optimizations make
// BROKEN: -ffast-math
#include <graven/graven.hpp>

using namespace graven;

constexpr Parameters bytes[] = {{.output = {0.1f, 0}}, {}, {}, {}};
constexpr Parameters reals[] = {{.element = Element::float32}, {}};

// Integers, and what makes reals of them, do not mind.
Model<Sequential<Exp, Softmax, Dequantize>, Shape{1, 1, 6}, bytes> integers;
Model<Sequential<Exp>, Shape{1, 1, 6}, reals> model;
