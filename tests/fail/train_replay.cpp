// EXPECT: Replay: the bytes must hold at least one sample and, beside it, random numbers and a
// count: so many as expected.
#include <graven/graven.hpp>
#include <graven/train.hpp>

using namespace graven;

struct Sample {
  std::int8_t image[64];
};
#ifdef GRAVEN_BROKEN
constexpr std::size_t bytes = 64;
#else
constexpr std::size_t bytes = 1024;
#endif
constinit Replay<Sample, bytes> replay(1);
