#include <graven/graven.hpp>
#include <graven/sampling.hpp>

#include <doctest/doctest.h>

#include <array>
#include <cmath>

using namespace graven;

namespace {

using Logits = std::array<float, 5>;
constexpr Logits logits{1.0f, 3.0f, 0.0f, 2.0f, 2.0f};

std::array<int, 5> counts(Sampling how, int draws = 20'000) {
  std::array<int, 5> found{};
  Sampler<5> sampler;
  Random random(7);
  for (int i = 0; i < draws; ++i)
    ++found[static_cast<std::size_t>(sampler(std::span(logits), Quant{}, how, random))];
  return found;
}
void check(Sampling how, std::array<bool, 5> kept) {
  const auto found = counts(how);
  double total = 0;
  auto mass = [&](std::size_t i) {
    return std::exp(static_cast<double>(logits[i]) / static_cast<double>(how.temperature));
  };
  for (std::size_t i = 0; i < 5; ++i) total += kept[i] ? mass(i) : 0;
  for (std::size_t i = 0; i < 5; ++i) {
    const double expected = kept[i] ? 20'000 * mass(i) / total : 0;
    CHECK(std::abs(found[i] - expected) <= 4 * std::sqrt(expected));
  }
}

}  // namespace

TEST_CASE("tokens come as often as their probabilities say") {
  check({}, {true, true, true, true, true});
  check({.temperature = 0.5f}, {true, true, true, true, true});
  check({.temperature = 3.0f}, {true, true, true, true, true});
}

TEST_CASE("top_k, then top_p; of equal logits the first token counts first") {
  check({.top_k = 3}, {false, true, false, true, true});
  check({.top_k = 2}, {false, true, false, true, false});
  // 0.56, 0.21, 0.21, 0.08, 0.03
  check({.top_p = 0.5f}, {false, true, false, false, false});
  check({.top_p = 0.7f}, {false, true, false, true, false});
  check({.top_p = 0.8f}, {false, true, false, true, true});
  check({.top_k = 4, .top_p = 0.999f}, {true, true, false, true, true});
  check({.top_k = 9}, {true, true, true, true, true});
}

TEST_CASE("temperature 0 and top_k 1 are the argmax, and draw nothing") {
  Sampler<5> sampler;
  Random random(3), other(3);
  CHECK(sampler(std::span(logits), Quant{}, {.temperature = 0}, random) == 1);
  CHECK(sampler(std::span(logits), Quant{}, {.top_k = 1}, random) == 1);
  CHECK(random.next() == other.next());
}

TEST_CASE("int8 logits are reals by their scale") {
  constexpr std::array<std::int8_t, 5> bytes{-118, -98, -128, -108, -108};
  Sampler<5> a, b;
  Random one(11), two(11);
  for (int i = 0; i < 1000; ++i)
    CHECK(a(std::span(bytes), Quant{0.1f, -128}, {.top_p = 0.9f}, one) ==
          b(std::span(logits), Quant{}, {.top_p = 0.9f}, two));
}

TEST_CASE("the generator is PCG32") {
  // pcg32_random_r of the reference, seeded by pcg32_srandom_r with the default increment.
  Random random(7);
  std::uint64_t state = (1442695040888963407u + 7) * 6364136223846793005u + 1442695040888963407u;
  for (int i = 0; i < 100; ++i) {
    const auto mixed = static_cast<std::uint32_t>(((state >> 18) ^ state) >> 27);
    const auto turn = static_cast<std::uint32_t>(state >> 59);
    CHECK(random.next() == ((mixed >> turn) | (mixed << ((32 - turn) & 31))));
    state = state * 6364136223846793005u + 1442695040888963407u;
  }
}
