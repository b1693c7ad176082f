#include "support.hpp"

#include <algorithm>

using namespace test;

namespace {

static_assert(output_of<RoPE<4>, At{{2, 3, 8}, 0}> == Shape{2, 3, 8});
constexpr Parameters params[]{{}, {}};
constexpr Parameters bytes[]{{.output = {0.02f, 5}}, {.output = {0.03f, -9}}};

// Turned by position * Base^0 and position * Base^(-1/2).
template <class M> void check(const std::array<std::size_t, 4>& places) {
  static M model;
  for (int reset = 0; reset < 2; ++reset) {
    for (int position = 0; position < 5; ++position) {
      const std::array<float, 4> in{1, 2, 3, 4};
      const auto out = model.run(in);
      for (std::size_t pair = 0; pair < 2; ++pair) {
        const std::size_t p = places[2 * pair], q = places[2 * pair + 1];
        const double t = position * (pair == 0 ? 1 : 0.1), a = static_cast<double>(in[p]);
        const double b = static_cast<double>(in[q]);
        const double x = static_cast<double>(out[p]), y = static_cast<double>(out[q]);
        CHECK(std::abs(x - (a * std::cos(t) - b * std::sin(t))) < 2e-6);
        CHECK(std::abs(y - (a * std::sin(t) + b * std::cos(t))) < 2e-6);
      }
    }
    model.reset();
  }
}

}  // namespace

TEST_CASE("pairs lie side by side, or half a head apart") {
  check<Model<Sequential<RoPE<4, half_split, 100.0f>>, Shape{1, 1, 4}, params>>({0, 2, 1, 3});
  check<Model<Sequential<RoPE<4, interleaved, 100.0f>>, Shape{1, 1, 4}, params>>({0, 1, 2, 3});
}

TEST_CASE("positions go on over rows, pixels and runs: the same bits") {
  static Model<Sequential<RoPE<2>>, Shape{6, 1, 4}, bytes> tall;
  static Model<Sequential<RoPE<2>>, Shape{1, 6, 4}, bytes> wide;
  static Model<Sequential<RoPE<2>>, Shape{1, 2, 4}, bytes> part;
  constexpr auto in = int8s(1, 2, 3, 4, -5, 60, 70, -80, 9, 10, 11, 120, 13, -14, 15, 16, 17, 18,
                            -128, 20, 21, 127, 23, 24);
  for (int run = 0; run < 2; ++run) {
    const auto a = tall.run(in), b = wide.run(in);
    CHECK(std::equal(a.begin(), a.end(), b.begin()));
    for (std::size_t at = 0; at < 24; at += 8) {
      const auto c = part.run(std::span<const std::int8_t, 8>(in.data() + at, 8));
      CHECK(std::equal(c.begin(), c.end(), a.begin() + static_cast<long>(at)));
    }
  }
}

TEST_CASE("far positions are as exact as near ones") {
  static Model<Sequential<RoPE<2>>, Shape{1, 1, 2}, params> model;
  using State = std::remove_cvref_t<decltype(model.state())>;
  model.run(floats(1, 0));
  std::array<std::byte, State::saved_size> saved{};
  model.state().save(saved);
  constexpr std::uint32_t position = 100'000'007;
  core::store(saved.data() + 16, position);
  REQUIRE(model.state().restore(saved));
  const auto out = model.run(floats(1, 0));
  CHECK(std::abs(static_cast<double>(out[0]) - std::cos(100'000'007.0)) < 1e-6);
  CHECK(std::abs(static_cast<double>(out[1]) - std::sin(100'000'007.0)) < 1e-6);
}
