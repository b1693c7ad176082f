// Sums of products without an FPU are those of float32, bit for bit: numbers of all sizes, ties,
// sums that vanish, and what leaves the range of normal numbers.
#include <graven/isa/shared/soft_float.hpp>

#include <doctest/doctest.h>

#include <limits>

namespace {

using namespace graven::core;

struct Random {
  std::uint32_t state = 88172645u;
  std::uint32_t operator()() {
    state ^= state << 13;
    state ^= state >> 17;
    return state ^= state << 5;
  }
};

constexpr int most = 9;

// `spread`: how many exponents there are; few bits make ties and sums of 0 frequent.
float number(Random& random, int spread, std::uint32_t bits, int lowest) {
  const std::uint32_t r = random();
  if (r % 16 == 0) return r & 16 ? 0.0f : -0.0f;
  const auto exponent =
      static_cast<std::uint32_t>(lowest) + random() % static_cast<unsigned>(spread);
  return std::bit_cast<float>((r & 1u << 31) | exponent << 23 | (random() & bits));
}

template <class Mantissas> void check(int spread, std::uint32_t bits, int lowest) {
  Random random;
  float x[most], w[most];
  for (int round = 0; round < 20000; ++round) {
    for (int i = 0; i < most; ++i) {
      x[i] = number(random, spread, bits, lowest);
      w[i] = number(random, spread, bits, lowest);
    }
    float acc = number(random, spread, bits, lowest);
    if (round % 3 == 0) acc = -x[0] * w[0];
    const auto* a = reinterpret_cast<const std::byte*>(x);
    const auto* b = reinterpret_cast<const std::byte*>(w);
    const int count = round % (most + 1);
    const float expected = scalar_isa::dot<scalar_isa::Float32>(a, b, count, acc);
    const float found = scalar_isa::dot<SoftFloat32<Mantissas>>(a, b, count, acc);
    if (expected != expected)
      CHECK(found != found);
    else
      CHECK(std::bit_cast<std::uint32_t>(found) == std::bit_cast<std::uint32_t>(expected));
  }
}

template <class Mantissas> void check_all() {
  constexpr std::uint32_t all = (1u << 23) - 1;
  for (int spread : {1, 3, 12, 40}) {
    check<Mantissas>(spread, all, 120);
    check<Mantissas>(spread, 3u << 21, 120);
    check<Mantissas>(spread, 7u, 120);
  }
  check<Mantissas>(20, all, 50);   // products below the normal range
  check<Mantissas>(20, all, 0);    // and factors
  check<Mantissas>(20, all, 180);  // sums beyond it
  check<Mantissas>(30, all, 226);  // infinity, and what is no number
}

}  // namespace

TEST_CASE("limits without an FPU are those of float32") {
  using Soft = SoftFloat32<CountedMantissas>;
  constexpr float none = std::numeric_limits<float>::quiet_NaN();
  constexpr float infinite = std::numeric_limits<float>::infinity(), least = 1e-45f;
  for (Activation activation : {Activation::none, Activation::relu, Activation::relu6,
                                Activation::relu_n1_to_1, Activation::relu_0_to_1}) {
    const RealClamp range = real_range(activation);
    const float stream[]{range.low, range.high};
    Task task;
    task.stream = reinterpret_cast<const std::byte*>(stream);
    for (float x : {0.0f, least, 0.5f, 1.0f, 1.5f, 6.0f, 6.5f, 3e38f, infinite, none})
      for (float signed_x : {x, -x}) {
        float found, expected;
        Soft(task).put(reinterpret_cast<std::byte*>(&found), signed_x, {});
        scalar_isa::Float32(task).put(reinterpret_cast<std::byte*>(&expected), signed_x, {});
        CHECK(std::bit_cast<std::uint32_t>(found) == std::bit_cast<std::uint32_t>(expected));
      }
  }
}

TEST_CASE("sums of products without an FPU are those of float32") {
  check_all<NarrowMantissas>();
  check_all<WideMantissas>();
  check_all<CountedMantissas>();
}
