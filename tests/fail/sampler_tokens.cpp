// EXPECT: Sampler: Tokens, the number of logits, must be from 1 to 65536.
#include <graven/graven.hpp>
#include <graven/sampling.hpp>

using namespace graven;

#ifdef GRAVEN_BROKEN
constexpr int tokens = -1;
#else
constexpr int tokens = 128;
#endif

Sampler<tokens> sampler;
