// EXPECT: Model: the fourth argument must be an instruction set
#include <graven/graven.hpp>

using namespace graven;

constexpr Parameters params[] = {{.output = {0.1f, 0}}, {}};
#ifdef GRAVEN_BROKEN
using Isa = StreamPolicy;
#else
using Isa = scalar;
#endif

Streaming<Sequential<ReLU>, Shape{4, 4, 2}, params, Isa> stream;
