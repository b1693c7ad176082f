// EXPECT: Trainer: the weights and biases that learn, with what the optimizer keeps of each
#include <graven/graven.hpp>
#include <graven/train.hpp>

using namespace graven;

#ifdef GRAVEN_BROKEN
constexpr int inputs = 8192;  // of the weights alone 2^31 - 32768 bytes
#else
constexpr int inputs = 8100;
#endif
constexpr Parameters params[2]{};
using T = Trainer<Dense<inputs, 65535>, Shape{1, 1, inputs}, params>;
static_assert(T::arena_size > 0);
