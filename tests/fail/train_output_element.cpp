// EXPECT: Trainer: the output must be float32 for the loss
#include <graven/graven.hpp>
#include <graven/train.hpp>

using namespace graven;

#ifdef GRAVEN_BROKEN
constexpr Parameters params[]{{}, {}, {.output = {0.1f, 0}, .element = Element::int8}};
using Net = Sequential<Dense<4, 4>, Quantize>;
#else
constexpr Parameters params[]{{}, {}, {}};
using Net = Sequential<Dense<4, 4>, ReLU>;
#endif
static_assert(Trainer<Net, Shape{1, 1, 4}, params>::arena_size > 0);
