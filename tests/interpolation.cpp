// Values of TensorFlow Lite's own tables and of its LOGISTIC and TANH (common.h, logistic.h,
// tanh.h).
#include <graven/graven.hpp>

#include <doctest/doctest.h>

namespace interpolation = graven::core::interpolation;

// Scales that are powers of two need no multiplier.
static_assert(interpolation::scaling(1.0f / 4096, false).multiplier == 3);
static_assert(interpolation::scaling(1.0f / 2048, true).multiplier == 6);
static_assert(interpolation::scaling(1.0f / 2048, false).shift == 12);

constexpr interpolation::Scaling q12 = interpolation::scaling(1.0f / 4096, false);
static_assert(interpolation::logistic(0, q12) == 16384);
static_assert(interpolation::logistic(32767, q12) == 32757);  // 32768 / (1 + exp(-8)) = 32757.0
static_assert(interpolation::tanh(0, q12) == 0);
static_assert(interpolation::tanh(4096, q12) == 24956);  // 32768 * tanh(1) = 24956.1
static_assert(interpolation::tanh(-4096, q12) == -24956);

static_assert(interpolation::look_up(32767, interpolation::exponentials<std::int16_t>) == 32762);
static_assert(interpolation::look_up(-32768, interpolation::exponentials<std::int16_t>) == 2);
static_assert(interpolation::look_up(-32768, interpolation::reciprocals<std::int16_t>) == 32767);

TEST_CASE("the same at run time") {
  for (int q = -32768; q < 32768; q += 97) {
    const int y = interpolation::tanh(q, q12), mirrored = interpolation::tanh(-q, q12);
    CHECK(y + mirrored >= -1);
    CHECK(y + mirrored <= 0);
  }
}
